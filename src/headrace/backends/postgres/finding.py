"""How PostgreSQL is asked for lists of jobs.

Which states are wanted tells which table they are in; a walk goes over the newest jobs of that table, or of all. The
statements of a walk begin at a ``seq`` that is given, and end with their step: the plans that are kept for any value do
for them (decision 61).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from headrace.backends.postgres.rows import as_json, read_job
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.statements import named, sql
from headrace.backends.postgres.translation import Translator
from headrace.model.job import FINAL_STATES, Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.tree import And
from headrace.storage import finding
from headrace.storage.finding import Found

QUICKLY_COLLECTED = 5_000
"""Places that are collected along an index within ten milliseconds: each is read from the job's row."""

SEARCH_MS_MAX = 15_000
"""A search looks at so many jobs that it takes seconds; a longer one would keep dead rows from being vacuumed."""

ALL_JOBS = "SCHEMA.all_jobs"
_TABLES = (
    ("(SELECT *, NULL::timestamptz AS finished_at FROM SCHEMA.jobs)", frozenset(JobState) - FINAL_STATES),
    ("SCHEMA.succeeded", frozenset({JobState.SUCCEEDED})),
    ("SCHEMA.ended", FINAL_STATES - {JobState.SUCCEEDED}),
)
"""Where the jobs in some states are, all of them."""

_BY_INDEX = {
    JobState.QUEUED: "SELECT seq FROM SCHEMA.jobs WHERE state = 'queued'",
    JobState.RUNNING: "SELECT seq FROM SCHEMA.jobs WHERE state = 'running'",
    JobState.SCHEDULED: "SELECT seq FROM SCHEMA.jobs WHERE wake_at IS NOT NULL AND state = 'scheduled'",
    **{
        state: f"SELECT seq FROM SCHEMA.ended WHERE state = '{state}'"
        for state in sorted(FINAL_STATES - {JobState.SUCCEEDED})
    },
}
"""How an index leads to all jobs in a state. Jobs that wait without a limit, and those that succeeded, are in none."""

_GIVEN = {
    "states": "j.state = ANY ({}::text[])",
    "queues": "j.queue = ANY ({}::text[])",
    "tasks": "j.task = ANY ({}::text[])",
    "tags": "j.tags @> {}::text::jsonb",
    "since": "j.enqueued_at >= {}::timestamptz",
    "until": "j.enqueued_at < {}::timestamptz",
    "as_of": "greatest(j.enqueued_at, j.started_at, j.finished_at) <= {}::timestamptz",
}


async def find(session: Session, query: JobQuery, before: int | None, limit: int) -> Page[Job]:
    """A page of at most ``limit`` jobs with a ``seq`` below ``before``."""
    return await Search(session, query, limit, await begin(session)).page(before)


async def begin(session: Session) -> datetime:
    """Begin a search, whose statements the server ends after SEARCH_MS_MAX; the instant."""
    [(now,)] = await session.rows("begin_search", session.now, str(SEARCH_MS_MAX))
    return now  # type: ignore[no-any-return]


class Search(finding.Search):
    """A search within one transaction; ``now`` is its instant."""

    by_index = _BY_INDEX
    quickly_collected = QUICKLY_COLLECTED

    def __init__(self, session: Session, query: JobQuery, limit: int, now: datetime) -> None:
        now = query.as_of or now
        self._session = session
        self._translator = Translator(now)
        super().__init__(query, limit, now, self._translated(query))
        self._table = _table_of(self.bounds.states)

    @property
    def values(self) -> Sequence[Any]:
        """What the conditions bind."""
        return self._translator.values

    def bind(self, value: Any) -> str:
        """The placeholder for a value that is handed to the server."""
        self._translator.values.append(value)
        return f"${len(self._translator.values)}"

    def _translated(self, query: JobQuery) -> list[str]:
        given = {
            "states": [state.value for state in query.states] or None,
            "queues": list(query.queues) or None,
            "tasks": list(query.tasks) or None,
            "tags": as_json(query.tags) if query.tags else None,
            "since": query.since,
            "until": query.until,
            "as_of": query.as_of,
        }
        conditions = [_GIVEN[name].format(self.bind(value)) for name, value in given.items() if value is not None]
        if query.where is not None and query.where != And(()):
            conditions.append(named(self._translator.condition(query.where), self._session.schema))
        return conditions

    def has_id(self, ids: Sequence[str]) -> str:
        return f"j.id = ANY ({self.bind([each for each in ids if is_uuid(each)])}::text[]::uuid[])"

    async def counters(self) -> Iterable[tuple[str, str, int]]:
        return [(queue, state, int(count)) for queue, state, count in await self._session.rows("counters")]

    async def last_seq(self) -> int | None:
        [(last,)] = await self._session.rows("last_seq")
        return last  # type: ignore[no-any-return]

    async def enqueued_at(self, seq: int) -> datetime | None:
        return next((at for (at,) in await self._session.rows("enqueued_at", seq)), None)

    async def jobs_ahead(self, before: int, skip: int, floor: int) -> Sequence[int]:
        return [seq for (seq,) in await self._session.text(self._on_table("jobs_ahead"), before, skip, floor)]

    async def places(self, by_index: str, top: int, bottom: int) -> list[int]:
        # How many jobs lie between the bounds decides whether the index of states is the better way.
        await self._session.rows("plan_for_values")
        source = named(by_index, self._session.schema)
        statement = sql("find_places", self._session.schema).replace("FILTERS", source)
        return [seq for (seq,) in await self._session.text(statement, top, bottom)]

    def _on_table(self, name: str) -> str:
        return sql(name, self._session.schema).replace("TABLE", named(self._table, self._session.schema))

    async def rows(
        self,
        count: int,
        *,
        before: int | None = None,
        floor: int | None = None,
        source: str | None = None,
        places: Sequence[int] | None = None,
    ) -> list[Found]:
        values = list(self._translator.values)
        conditions = [source] if source is not None else []
        bounds = (
            ("j.seq < {}::bigint", before),
            ("j.seq >= {}::bigint", floor),
            ("j.seq = ANY ({}::bigint[])", places),
        )
        for condition, value in bounds:
            if value is not None:
                values.append(value)
                conditions.append(condition.format(f"${len(values)}"))
        statement = self._on_table("find_jobs").replace("FILTERS", self.filters_with(*conditions))
        # The number is no part of the text, so that the statement is the same one each time, prepared and planned.
        limited = f"{statement} LIMIT ${len(values) + 1}::bigint"
        return [Found(row[0], read_job(row)) for row in await self._session.text(limited, *values, count)]


def _table_of(states: frozenset[JobState] | None) -> str:
    """Where jobs in these states are."""
    return next((table for table, held in _TABLES if states and states <= held), ALL_JOBS)


def is_uuid(text: str) -> bool:
    """Whether a text can be a job's id here: the server refuses any other as a parameter."""
    digits = text.replace("-", "")
    return len(text) == 36 and len(digits) == 32 and all(letter in "0123456789abcdef" for letter in digits)
