"""Lists of jobs: which index leads to them, and how far to look where none does.

Jobs are listed by ``seq``, newest first. Ids and, while few, jobs in chosen states are reached by an index. Anything
else is a walk over the newest jobs. Either is made in steps, as far as :class:`~headrace.storage.looking.Look` allows
for a page. Times of enqueuing rise with ``seq`` but for steps of the clock, so ``since`` and ``until`` are found by
bisection and bound the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from headrace.backends.sqlite.rows import JobRow, as_json, decode_jobs
from headrace.backends.sqlite.times import from_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.translation import Translator
from headrace.model.job import FINAL_STATES, Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.bounds import bounds_of
from headrace.model.search.tree import And
from headrace.storage.looking import Look

CLOCK_STEP_MAX = timedelta(hours=1)
"""How far back the clock may have been stepped without jobs being missed by ``since`` and ``until``."""

QUICKLY_COLLECTED = 20_000
"""Places that are collected along an index within ten milliseconds."""

_BY_INDEX = {
    JobState.QUEUED: "SELECT seq FROM headrace_jobs WHERE state = 'queued'",
    JobState.RUNNING: "SELECT seq FROM headrace_jobs WHERE state = 'running'",
    JobState.SCHEDULED: "SELECT seq FROM headrace_jobs WHERE wake_at IS NOT NULL AND state = 'scheduled'",
    **{
        state: f"SELECT seq FROM headrace_jobs WHERE finished_at IS NOT NULL AND state = '{state}'"
        for state in sorted(FINAL_STATES)
    },
}
"""How an index leads to all jobs in a state. Jobs that wait without a limit are in none."""

_GIVEN = {
    "states": "j.state IN (SELECT value FROM json_each(:states))",
    "queues": "j.queue IN (SELECT value FROM json_each(:queues))",
    "tasks": "j.task IN (SELECT value FROM json_each(:tasks))",
    "tags": "NOT EXISTS (SELECT value FROM json_each(:tags) EXCEPT SELECT value FROM json_each(b.tags))",
    "since": "j.enqueued_at >= :since",
    "until": "j.enqueued_at < :until",
    "as_of": "max(j.enqueued_at, coalesce(j.started_at, 0), coalesce(j.finished_at, 0)) <= :as_of",
}


def find(transaction: Transaction, query: JobQuery, before: int | None, limit: int) -> Page[Job]:
    """A page of at most ``limit`` jobs with a ``seq`` below ``before``."""
    return Search(transaction, query, limit).page(before)


class Search:
    """One page's work: the condition once, and the windows it is asked in."""

    def __init__(self, transaction: Transaction, query: JobQuery, limit: int) -> None:
        now = query.as_of or from_us(transaction.now)
        self._transaction = transaction
        self._look = Look(query)
        self._limit = limit
        self._bounds = bounds_of(query, now)
        self._translator = Translator(now)
        self._filters = self._conditions(query)

    def page(self, before: int | None) -> Page[Job]:
        if self._bounds.ids is not None:
            source = f"j.id IN (SELECT value FROM json_each({self.bind(as_json(self._bounds.ids))}))"
            return self._whole(before, source)
        if not self._filters:
            return self._whole(before)
        top, bottom = self._range(before)
        by_index = self._by_index()
        return self._walk(top, bottom) if by_index is None else self._pick(self._places(by_index, top, bottom))

    def _conditions(self, query: JobQuery) -> list[str]:
        given = {
            "states": as_json(query.states) if query.states else None,
            "queues": as_json(query.queues) if query.queues else None,
            "tasks": as_json(query.tasks) if query.tasks else None,
            "tags": as_json(query.tags) if query.tags else None,
            "since": None if query.since is None else to_us(query.since),
            "until": None if query.until is None else to_us(query.until),
            "as_of": None if query.as_of is None else to_us(query.as_of),
        }
        present = {name: value for name, value in given.items() if value is not None}
        self._translator.values.update(present)
        conditions = [_GIVEN[name] for name in present]
        if query.where is not None and query.where != And(()):
            conditions.append(self._translator.condition(query.where))
        return conditions

    def _by_index(self) -> str | None:
        """What answers the ``seq`` of every job in the wanted states, where an index does so for few enough."""
        states = self._bounds.states
        if states is None or not states <= _BY_INDEX.keys():
            return None
        count = sum(n for _, state, n in self._transaction.rows("get_counters") if state in states)
        if not self._look.may_collect(count, quick=QUICKLY_COLLECTED):
            return None
        return " UNION ALL ".join(_BY_INDEX[state] for state in sorted(states)) or "SELECT NULL AS seq WHERE FALSE"

    def _places(self, by_index: str, top: int, bottom: int) -> list[int]:
        """Where the jobs are that the index leads to, newest first."""
        return self._transaction.column("find_places", by_index, {"before": top, "floor": bottom})

    def _whole(self, before: int | None, source: str | None = None) -> Page[Job]:
        rows = self.rows(self._limit + 1, before=before, source=source)
        return self._full(rows) if len(rows) > self._limit else _page(rows)

    def _pick(self, places: list[int]) -> Page[Job]:
        """Of the jobs at these places those that match, as far as a page may look."""
        found: list[JobRow] = []
        done = 0
        while count := self._look.next():
            step = places[done : done + count]
            found += self.rows(self._limit + 1 - len(found), places=step)
            if len(found) > self._limit:
                return self._full(found)
            done += len(step)
            if done == len(places):
                return _page(found)
        return self._unfinished(found, places[done - 1])

    def _walk(self, top: int, bottom: int) -> Page[Job]:
        """From the newest job that can match backwards, to the oldest that can, or as far as a page may look."""
        found: list[JobRow] = []
        while count := self._look.next():
            # Where jobs were deleted there are gaps, so a step is counted in jobs.
            last = self._transaction.value("nth_job", {"before": top, "skip": count - 1, "floor": bottom})
            found += self.rows(self._limit + 1 - len(found), before=top, floor=bottom if last is None else last)
            if len(found) > self._limit:
                return self._full(found)
            if last is None or not self._transaction.value("any_job_below", {"before": last, "floor": bottom}):
                return _page(found)
            top = last
        return self._unfinished(found, top)

    def _unfinished(self, found: list[JobRow], last: int) -> Page[Job]:
        """The page that has looked as far as it may, the last time at the job ``last``."""
        reached = self._transaction.value("enqueued_at", {"seq": last})
        return Page(items=[row.job() for row in found], next_cursor=str(last), complete=False, reached=from_us(reached))

    def _range(self, before: int | None) -> tuple[int, int]:
        top = (self._transaction.value("last_seq") or 0) + 1
        if self._bounds.until is not None:
            top = self._place(self._bounds.until, CLOCK_STEP_MAX, top)
        if before is not None:
            top = min(top, before)
        return top, 0 if self._bounds.since is None else self._place(self._bounds.since, -CLOCK_STEP_MAX, top)

    def _place(self, instant: datetime, slack: timedelta, top: int) -> int:
        """From which ``seq`` on jobs were enqueued at ``instant``, with the slack, or later; by bisection."""
        try:
            wanted = to_us(instant + slack)
        except OverflowError:
            return 0 if slack < timedelta(0) else top
        low, high = 0, top
        while low < high:
            middle = (low + high) // 2
            enqueued_at = self._transaction.value("enqueued_at", {"seq": middle})
            if enqueued_at is None or enqueued_at < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    @property
    def filters(self) -> str:
        """All that the query asks for, as one condition; ``values`` are bound in it."""
        return " AND ".join(self._filters) or "TRUE"

    @property
    def values(self) -> dict[str, Any]:
        """What is bound in ``filters``, and in sources made with ``bind``."""
        return self._translator.values

    def bind(self, value: Any) -> str:
        """The name under which a value of a source is bound."""
        return self._translator.bind(value)

    def rows(
        self,
        count: int,
        *,
        before: int | None = None,
        floor: int | None = None,
        source: str | None = None,
        places: Sequence[int] | None = None,
    ) -> list[JobRow]:
        """Up to ``count`` jobs that match, newest first: of those that the source answers, between the bounds, or at
        the places."""
        conditions = [source] if source is not None else []
        values = {**self._translator.values, "limit": count}
        if before is not None:
            conditions.append("j.seq < :before")
            values["before"] = before
        if floor is not None:
            conditions.append("j.seq >= :floor")
            values["floor"] = floor
        if places is not None:
            conditions.append("j.seq IN (SELECT value FROM json_each(:places))")
            values["places"] = as_json(places)
        filters = " AND ".join((*conditions, *self._filters)) or "TRUE"
        return decode_jobs(self._transaction.filtered("find_jobs", filters, values))

    def _full(self, rows: list[JobRow]) -> Page[Job]:
        """One more row than was asked for says that another page follows."""
        return _page(rows[: self._limit], str(rows[self._limit - 1].seq))


def _page(rows: list[JobRow], cursor: str | None = None) -> Page[Job]:
    return Page(items=[row.job() for row in rows], next_cursor=cursor)
