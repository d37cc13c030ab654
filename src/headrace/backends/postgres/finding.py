"""Lists of jobs: which index leads to them, and how far to look where none does.

Jobs are listed by ``seq``, newest first. Ids and, while few, jobs in chosen states are reached by an index. Anything
else is a walk over the newest jobs, ``JobQuery.scan`` of them at most for a page. Times of enqueuing rise with ``seq``
but for steps of the clock and transactions that overlap, so ``since`` and ``until`` are found by bisection and bound
the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.backends.postgres.rows import as_json, read_job
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.statements import named, sql
from headrace.backends.postgres.translation import Translator
from headrace.model.job import Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.bounds import bounds_of
from headrace.model.search.tree import And

CLOCK_STEP_MAX = timedelta(hours=1)
"""How far back the clock may have been stepped without jobs being missed by ``since`` and ``until``."""

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
    now = session.now or (await session.rows("instant", None))[0][0]
    return await Search(session, query, limit, now).page(before)


class Search:
    """One page's work: the condition once, and the windows it is asked in."""

    def __init__(self, session: Session, query: JobQuery, limit: int, now: datetime) -> None:
        now = query.as_of or now
        self._session = session
        self._scan = query.scan
        self._limit = limit
        self._bounds = bounds_of(query, now)
        self._translator = Translator(now)
        self._filters = self._conditions(query)

    async def page(self, before: int | None) -> Page[Job]:
        if self._bounds.ids is not None:
            ids = self.bind([each for each in self._bounds.ids if is_uuid(each)])
            return await self._whole(f"j.id = ANY ({ids}::text[]::uuid[])", before)
        if self._bounds.states is not None and await self._few(self._bounds.states):
            states = self.bind(sorted(self._bounds.states))
            return await self._whole(f"j.state = ANY ({states}::text[])", before)
        return await self._walk(before)

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

    async def _few(self, states: frozenset[JobState]) -> bool:
        """Whether so few jobs are in these states that all of them may be looked at."""
        counters = await self._session.rows("counters")
        return sum(int(n) for _, state, n in counters if state in states) <= self._scan

    async def _whole(self, source: str, before: int | None) -> Page[Job]:
        rows = await self.rows(self._limit + 1, before=before, source=source)
        return self._full(rows) if len(rows) > self._limit else _page(rows)

    async def _walk(self, before: int | None) -> Page[Job]:
        """From the newest job that can match backwards, to the oldest that can, or as far as a page may look."""
        if not self._filters:
            rows = await self.rows(self._limit + 1, before=before)
            return self._full(rows) if len(rows) > self._limit else _page(rows)
        top, bottom = await self._range(before)
        [(last,)] = await self._session.rows("nth_job", top, self._scan - 1, bottom) or [(None,)]
        rows = await self.rows(self._limit + 1, before=top, floor=bottom if last is None else last)
        if len(rows) > self._limit:
            return self._full(rows)
        if last is None or not (await self._session.rows("any_job_below", last, bottom))[0][0]:
            return _page(rows)
        reached = (await self._session.rows("enqueued_at", last))[0][0]
        return Page(items=[read_job(row) for row in rows], next_cursor=str(last), complete=False, reached=reached)

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
        self, count: int, *, before: int | None = None, floor: int | None = None, source: str | None = None
    ) -> list[Row]:
        """The newest matching jobs, of those between the bounds and under the condition ``source``."""
        values = list(self._translator.values)
        conditions = [source] if source is not None else []
        for condition, value in (("j.seq < ", before), ("j.seq >= ", floor)):
            if value is not None:
                values.append(value)
                conditions.append(f"{condition}${len(values)}::bigint")
        filters = " AND ".join((*conditions, *self._filters)) or "TRUE"
        statement = sql("find_jobs", self._session.schema).replace("FILTERS", filters)
        rows: Sequence[Row] = await self._session.text(f"{statement} LIMIT {count:d}", *values)
        return list(rows)

    def _full(self, rows: list[Row]) -> Page[Job]:
        """One more row than was asked for says that another page follows."""
        return _page(rows[: self._limit], str(rows[self._limit - 1][0]))


def _page(rows: list[Row], cursor: str | None = None) -> Page[Job]:
    return Page(items=[read_job(row) for row in rows], next_cursor=cursor)


def is_uuid(text: str) -> bool:
    """Whether a text can be a job's id here: the server refuses any other as a parameter."""
    digits = text.replace("-", "")
    return len(text) == 36 and len(digits) == 32 and all(letter in "0123456789abcdef" for letter in digits)
