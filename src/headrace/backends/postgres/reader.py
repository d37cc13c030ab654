"""Reading about jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from headrace.backends.postgres import finding
from headrace.backends.postgres.grouping import error_groups
from headrace.backends.postgres.limits import blocking
from headrace.backends.postgres.rows import decode_error, read_job
from headrace.backends.postgres.session import Runner, Session
from headrace.errors import Unsupported
from headrace.model.errors import ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import Attempt, AttemptOutcome, Job, JobState, LogLine
from headrace.model.limits import Blocked
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.queue import JobCount, QueueRate, counted_window, rate_bucket
from headrace.model.usage import seconds_of


class PostgresJobReader:
    """Each call is one statement, and so sees one snapshot."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get_many(self, ids: Sequence[JobId]) -> list[Job | None]:
        async def verb(session: Session) -> list[Job | None]:
            replies: list[Job | None] = [None] * len(ids)
            for row in await session.rows("get_jobs", list(ids)):
                replies[row[32] - 1] = read_job(row, result=row[30], result_codec=row[31])
            return replies

        return await self._runner.run(verb)

    async def find(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        before = None if cursor is None else _read_cursor(cursor)
        size = max(1, min(limit, PAGE_LIMIT_MAX))

        return await self._runner.run(lambda session: finding.find(session, query, before, size), transaction=True)

    async def error_groups(self, query: JobQuery, *, limit: int = 50) -> list[ErrorGroup]:
        return await self._runner.run(lambda session: error_groups(session, query, limit), transaction=True)

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

    async def blocking(self, ids: Sequence[JobId]) -> list[tuple[Blocked, ...]]:
        return await self._runner.run(lambda session: blocking(session, ids))

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
            first, last = rate_bucket(now - window), rate_bucket(now)
            sums: dict[str, dict[str, int]] = {}
            for queue, event, count in await session.rows("rates", first, last):
                sums.setdefault(queue, {})[event] = count
            covered = counted_window(window, now)
            return [QueueRate(queue=queue, window=covered, **events) for queue, events in sums.items()]

        return await self._runner.run(verb)

    async def lease_left(self, ids: Sequence[JobId]) -> list[timedelta | None]:
        async def verb(session: Session) -> list[timedelta | None]:
            left = {row[0]: row[1] for row in await session.rows("lease_left", list(ids), session.mono)}
            return [left.get(job_id) for job_id in ids]

        return await self._runner.run(verb)

    async def oldest_queued(self) -> dict[str, datetime]:
        async def verb(session: Session) -> dict[str, datetime]:
            return {queue: at.astimezone(UTC) for queue, at in await session.rows("oldest_queued") if at is not None}

        return await self._runner.run(verb)


def _read_cursor(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()):
        raise Unsupported(f"{cursor!r} is no cursor of this store: use the one of the page before")
    return int(cursor)


def _attempt(
    number: int,
    outcome: str,
    worker: str,
    started_at: datetime,
    finished_at: datetime,
    error: str | None,
    cpu_us: int | None,
    peak_rss_bytes: int | None,
) -> Attempt:
    return Attempt(
        number=number,
        outcome=AttemptOutcome(outcome),
        worker=worker,
        started_at=started_at,
        finished_at=finished_at,
        error=None if error is None else decode_error(error),
        cpu_s=seconds_of(cpu_us),
        peak_rss_bytes=peak_rss_bytes,
    )
