"""Lists of jobs: which index leads to them, and how far to look where none does.

Jobs are listed by ``seq``, newest first. Which states are wanted tells which table they are in. Ids and, while few,
jobs in chosen states are reached by an index. Anything else is a walk over the newest jobs of the table, or of all.
Either is made in steps, as far as :class:`~headrace.storage.looking.Look` allows for a page. Times of enqueuing rise
with ``seq`` but for steps of the clock and transactions that overlap, so ``since`` and ``until`` are found by bisection
and bound the walk.

The statements of a walk begin at a ``seq`` that is given, and end with their step: the plans that are kept for any
value do for them (decision 61).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.backends.postgres.rows import as_json, read_job
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.statements import named, sql
from headrace.backends.postgres.translation import Translator
from headrace.model.job import FINAL_STATES, Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.bounds import bounds_of
from headrace.model.search.tree import And
from headrace.storage.looking import Look

CLOCK_STEP_MAX = timedelta(hours=1)
"""How far back the clock may have been stepped without jobs being missed by ``since`` and ``until``."""

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


class Search:
    """One page's work: the condition once, and the windows it is asked in."""

    def __init__(self, session: Session, query: JobQuery, limit: int, now: datetime) -> None:
        now = query.as_of or now
        self._session = session
        self._look = Look(query)
        self._limit = limit
        self._bounds = bounds_of(query, now)
        self._translator = Translator(now)
        self._filters = self._conditions(query)
        self._table = _table_of(self._bounds.states)

    async def page(self, before: int | None) -> Page[Job]:
        """The newest jobs that match, of those with a ``seq`` below ``before``."""
        if self._bounds.ids is not None:
            ids = self.bind([each for each in self._bounds.ids if is_uuid(each)])
            return await self._whole(before, f"j.id = ANY ({ids}::text[]::uuid[])")
        if not self._filters:
            return await self._whole(before)
        top, bottom = await self._range(before)
        by_index = await self._by_index()
        if by_index is None:
            return await self._walk(top, bottom)
        return await self._pick(await self._places(by_index, top, bottom))

    @property
    def filters(self) -> str:
        """The conditions of the query, on the view ``all_jobs AS j``."""
        return " AND ".join(self._filters) or "TRUE"

    @property
    def values(self) -> Sequence[Any]:
        """What the conditions bind."""
        return self._translator.values

    def bind(self, value: Any) -> str:
        """The placeholder for a value that is handed to the server."""
        self._translator.values.append(value)
        return f"${len(self._translator.values)}"

    def _conditions(self, query: JobQuery) -> list[str]:
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

    async def _by_index(self) -> str | None:
        """What answers the ``seq`` of every job in the wanted states, where an index does so for few enough."""
        states = self._bounds.states
        if not states or not states <= _BY_INDEX.keys():
            return None
        counters = await self._session.rows("counters")
        count = sum(int(n) for _, state, n in counters if state in states)
        if not self._look.may_collect(count, quick=QUICKLY_COLLECTED):
            return None
        return named(" UNION ALL ".join(_BY_INDEX[state] for state in sorted(states)), self._session.schema)

    async def _places(self, by_index: str, top: int, bottom: int) -> list[int]:
        """Where the jobs are that the index leads to, newest first."""
        # How many jobs lie between the bounds decides whether the index of states is the better way.
        await self._session.rows("plan_for_values")
        statement = sql("find_places", self._session.schema).replace("FILTERS", by_index)
        return [seq for (seq,) in await self._session.text(statement, top, bottom)]

    async def _whole(self, before: int | None, source: str | None = None) -> Page[Job]:
        rows = await self.rows(self._limit + 1, before=before, source=source)
        return self._full(rows) if len(rows) > self._limit else _page(rows)

    async def _pick(self, places: list[int]) -> Page[Job]:
        """Of the jobs at these places those that match, as far as a page may look."""
        found: list[Row] = []
        done = 0
        while count := self._look.next():
            step = places[done : done + count]
            found += await self.rows(self._limit + 1 - len(found), places=step)
            if len(found) > self._limit:
                return self._full(found)
            done += len(step)
            if done == len(places):
                return _page(found)
        return await self._unfinished(found, places[done - 1])

    async def _walk(self, top: int, bottom: int) -> Page[Job]:
        """From the newest job that can match backwards, to the oldest that can, or as far as a page may look."""
        found: list[Row] = []
        while count := self._look.next():
            ahead = [seq for (seq,) in await self._nth_job(top, count - 1, bottom)]
            floor = ahead[0] if ahead else bottom
            found += await self.rows(self._limit + 1 - len(found), before=top, floor=floor)
            if len(found) > self._limit:
                return self._full(found)
            if len(ahead) < 2:
                return _page(found)
            top = floor
        return await self._unfinished(found, top)

    async def _unfinished(self, found: list[Row], last: int) -> Page[Job]:
        """The page that has looked as far as it may, the last time at the job ``last``."""
        reached = (await self._session.rows("enqueued_at", last))[0][0]
        return Page(items=[read_job(row) for row in found], next_cursor=str(last), complete=False, reached=reached)

    async def _nth_job(self, before: int, skip: int, floor: int) -> Sequence[Row]:
        return await self._session.text(self._on_table("nth_job"), before, skip, floor)

    def _on_table(self, name: str) -> str:
        return sql(name, self._session.schema).replace("TABLE", named(self._table, self._session.schema))

    async def _range(self, before: int | None) -> tuple[int, int]:
        [(last,)] = await self._session.rows("last_seq")
        top = (last or 0) + 1
        if self._bounds.until is not None:
            top = await self._place(self._bounds.until, CLOCK_STEP_MAX, top)
        if before is not None:
            top = min(top, before)
        bottom = 0 if self._bounds.since is None else await self._place(self._bounds.since, -CLOCK_STEP_MAX, top)
        return top, bottom

    async def _place(self, instant: datetime, slack: timedelta, top: int) -> int:
        """From which ``seq`` on jobs were enqueued at ``instant``, with the slack, or later; by bisection."""
        try:
            wanted = instant.astimezone(UTC) + slack
        except OverflowError:
            return 0 if slack < timedelta(0) else top
        low, high = 0, top
        while low < high:
            middle = (low + high) // 2
            found = await self._session.rows("enqueued_at", middle)
            if not found or found[0][0] < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    async def rows(
        self,
        count: int,
        *,
        before: int | None = None,
        floor: int | None = None,
        source: str | None = None,
        places: Sequence[int] | None = None,
    ) -> list[Row]:
        """The newest matching jobs, of those between the bounds, under the condition ``source``, or at the places."""
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
        filters = " AND ".join((*conditions, *self._filters)) or "TRUE"
        statement = self._on_table("find_jobs").replace("FILTERS", filters)
        # The number is no part of the text, so that the statement is the same one each time, prepared and planned.
        limited = f"{statement} LIMIT ${len(values) + 1}::bigint"
        return list(await self._session.text(limited, *values, count))

    def _full(self, rows: list[Row]) -> Page[Job]:
        """One more row than was asked for says that another page follows."""
        return _page(rows[: self._limit], str(rows[self._limit - 1][0]))


def _table_of(states: frozenset[JobState] | None) -> str:
    """Where jobs in these states are."""
    return next((table for table, held in _TABLES if states and states <= held), ALL_JOBS)


def _page(rows: list[Row], cursor: str | None = None) -> Page[Job]:
    return Page(items=[read_job(row) for row in rows], next_cursor=cursor)


def is_uuid(text: str) -> bool:
    """Whether a text can be a job's id here: the server refuses any other as a parameter."""
    digits = text.replace("-", "")
    return len(text) == 36 and len(digits) == 32 and all(letter in "0123456789abcdef" for letter in digits)
