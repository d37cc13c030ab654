"""Reading about jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.backends.postgres.rows import as_json, decode_error, read_job
from headrace.backends.postgres.session import Runner, Session
from headrace.backends.postgres.statements import named, sql
from headrace.backends.postgres.verbs.upkeep import RATE_BUCKET_S
from headrace.errors import Unsupported
from headrace.model.ids import JobId
from headrace.model.job import Attempt, AttemptOutcome, Job, JobState, LogLine
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.queue import JobCount, QueueRate

_SOURCES = (
    ("jobs", "NULL::timestamptz", "NULL::bytea", "NULL::text"),
    ("ended", "finished_at", "result", "result_codec"),
    ("succeeded", "finished_at", "result", "result_codec"),
)
"""The tables that jobs are in, and what the hot one lacks."""


class PostgresJobReader:
    """Each call is one statement, and so sees one snapshot."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get_many(self, ids: Sequence[JobId]) -> list[Job | None]:
        async def verb(session: Session) -> list[Job | None]:
            replies: list[Job | None] = [None] * len(ids)
            for row in await session.text(_get_statement(session.schema), list(ids)):
                replies[row[30] - 1] = read_job(row, result=row[28], result_codec=row[29])
            return replies

        return await self._runner.run(verb)

    async def find(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        before = None if cursor is None else _read_cursor(cursor)
        size = max(1, min(limit, PAGE_LIMIT_MAX))

        async def verb(session: Session) -> Page[Job]:
            conditions, values = _conditions(query, before)
            # One more than asked for tells whether another page follows.
            rows = await session.text(_find_statement(session.schema, conditions), *values, size + 1)
            return Page(
                items=[read_job(row) for row in rows[:size]],
                next_cursor=str(rows[size - 1][0]) if len(rows) > size else None,
            )

        return await self._runner.run(verb)

    async def attempts(self, job_id: JobId) -> list[Attempt]:
        async def verb(session: Session) -> list[Attempt]:
            return [_attempt(*row) for row in await session.rows("attempts", job_id)]

        return await self._runner.run(verb)

    async def logs(self, job_id: JobId) -> list[LogLine]:
        async def verb(session: Session) -> list[LogLine]:
            return [
                LogLine(at=at, level=level, message=message, attempt=attempt)
                for at, level, message, attempt in await session.rows("logs", job_id)
            ]

        return await self._runner.run(verb)

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        async def verb(session: Session) -> list[JobCount]:
            return [
                JobCount(queue=queue, state=JobState(state), count=count)
                for queue, state, count in await session.rows("counters")
                if not queues or queue in queues
            ]

        return await self._runner.run(verb)

    async def rates(self, *, window: timedelta) -> list[QueueRate]:
        async def verb(session: Session) -> list[QueueRate]:
            now = session.now or (await session.rows("instant", None))[0][0]
            first, last = (int(at.timestamp()) // RATE_BUCKET_S for at in (now - window, now))
            sums: dict[str, dict[str, int]] = {}
            for queue, event, count in await session.rows("rates", first, last):
                sums.setdefault(queue, {})[event] = count
            return [QueueRate(queue=queue, window=window, **events) for queue, events in sums.items()]

        return await self._runner.run(verb)

    async def oldest_queued(self) -> dict[str, datetime]:
        async def verb(session: Session) -> dict[str, datetime]:
            return {queue: at.astimezone(UTC) for queue, at in await session.rows("oldest_queued") if at is not None}

        return await self._runner.run(verb)


def _fields(schema: str, finished_at: str) -> str:
    own = "j.finished_at" if finished_at == "finished_at" else finished_at
    return sql("job_fields", schema).replace("j.finished_at", own)


def _get_statement(schema: str) -> str:
    return " UNION ALL ".join(
        named(
            f"SELECT {_fields(schema, finished_at)}, {result}, {codec}, w.place "  # noqa: S608
            f"FROM unnest($1::text[]) WITH ORDINALITY AS w(id, place) JOIN SCHEMA.{table} AS j ON j.id = w.id::uuid",
            schema,
        )
        for table, finished_at, result, codec in _SOURCES
    )


def _find_statement(schema: str, conditions: str) -> str:
    limit = f"LIMIT ${conditions.count('$') + 1}::integer"
    parts = " UNION ALL ".join(
        named(
            f"(SELECT {_fields(schema, finished_at)} FROM SCHEMA.{table} AS j WHERE {conditions} "  # noqa: S608
            f"ORDER BY j.seq DESC {limit})",
            schema,
        )
        for table, finished_at, _, _ in _SOURCES
    )
    return f"SELECT * FROM ({parts}) AS found ORDER BY seq DESC {limit}"  # noqa: S608


_CONDITIONS = {
    "states": "j.state = ANY ({}::text[])",
    "queues": "j.queue = ANY ({}::text[])",
    "tasks": "j.task = ANY ({}::text[])",
    "tags": "j.tags @> {}::text::jsonb",
    "since": "j.enqueued_at >= {}::timestamptz",
    "until": "j.enqueued_at < {}::timestamptz",
    "before": "j.seq < {}::bigint",
}


def _conditions(query: JobQuery, before: int | None) -> tuple[str, list[Any]]:
    given = {
        "states": [state.value for state in query.states] or None,
        "queues": list(query.queues) or None,
        "tasks": list(query.tasks) or None,
        "tags": as_json(query.tags) if query.tags else None,
        "since": query.since,
        "until": query.until,
        "before": before,
    }
    present = {name: value for name, value in given.items() if value is not None}
    parts = [_CONDITIONS[name].format(f"${place}") for place, name in enumerate(present, start=1)]
    return " AND ".join(parts) or "TRUE", list(present.values())


def _read_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()):
        raise Unsupported(f"{cursor!r} is no cursor of this store: use the one of the page before")
    return int(cursor)


def _attempt(
    number: int, outcome: str, worker: str, started_at: datetime, finished_at: datetime, error: str | None
) -> Attempt:
    return Attempt(
        number=number,
        outcome=AttemptOutcome(outcome),
        worker=worker,
        started_at=started_at,
        finished_at=finished_at,
        error=None if error is None else decode_error(error),
    )
