"""Lists of jobs: which way leads to them, and how far to look where none does. What stores that speak SQL share.

Jobs are listed by ``seq``, newest first. Ids and, while few, jobs in chosen states are reached by an index. Anything
else is a walk over the newest jobs. Either is made in steps, as far as :class:`~headrace.storage.looking.Look` allows
for a page. Times of enqueuing rise with ``seq`` but for steps of the clock and transactions that overlap, so ``since``
and ``until`` are found by bisection and bound the walk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple

from headrace.model.job import Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.bounds import bounds_of
from headrace.storage.looking import Look

CLOCK_STEP_MAX = timedelta(hours=1)
"""How far back the clock may have been stepped without jobs being missed by ``since`` and ``until``."""


class Found(NamedTuple):
    """A job that matches, and its place."""

    seq: int
    job: Job


class Search(ABC):
    """One page's work: the condition once, and the windows it is asked in.

    ``conditions`` say what the query asks for, in the store's SQL; ``now`` is what its relative times are counted from.
    The abstract methods are how a store is asked.
    """

    by_index: ClassVar[Mapping[JobState, str]]
    """A statement for each state whose jobs an index leads to, all of them, that answers where they are."""
    quickly_collected: ClassVar[int]
    """Places that the store collects along an index within ten milliseconds."""

    def __init__(self, query: JobQuery, limit: int, now: datetime, conditions: Sequence[str]) -> None:
        self.bounds = bounds_of(query, now)
        self._conditions = conditions
        self._limit = limit
        self._look = Look(query)

    @property
    def filters(self) -> str:
        """All that the query asks for, as one condition."""
        return self.filters_with()

    def filters_with(self, *more: str) -> str:
        """The same, with further conditions before it."""
        return " AND ".join((*more, *self._conditions)) or "TRUE"

    async def page(self, before: int | None) -> Page[Job]:
        """The newest jobs that match, of those with a ``seq`` below ``before``."""
        if self.bounds.states == frozenset():
            return _page([])
        if self.bounds.ids is not None:
            return await self._whole(before, self.has_id(self.bounds.ids))
        if not self._conditions:
            return await self._whole(before)
        top, bottom = await self._range(before)
        by_index = await self._by_index()
        if by_index is None:
            return await self._walk(top, bottom)
        return await self._pick(await self.places(by_index, top, bottom))

    async def _by_index(self) -> str | None:
        """What answers the ``seq`` of every job in the wanted states, where an index does so for few enough."""
        states = self.bounds.states
        if states is None or not states <= self.by_index.keys():
            return None
        count = sum(n for _, state, n in await self.counters() if state in states)
        if not self._look.may_collect(count, quick=self.quickly_collected):
            return None
        return " UNION ALL ".join(self.by_index[state] for state in sorted(states))

    async def _whole(self, before: int | None, source: str | None = None) -> Page[Job]:
        found = await self.rows(self._limit + 1, before=before, source=source)
        return self._full(found) if len(found) > self._limit else _page(found)

    async def _pick(self, places: Sequence[int]) -> Page[Job]:
        """Of the jobs at these places those that match, as far as a page may look."""
        found: list[Found] = []
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
        found: list[Found] = []
        while count := self._look.next():
            # Where jobs were deleted there are gaps, so a step is counted in jobs.
            ahead = await self.jobs_ahead(top, count - 1, bottom)
            floor = ahead[0] if ahead else bottom
            found += await self.rows(self._limit + 1 - len(found), before=top, floor=floor)
            if len(found) > self._limit:
                return self._full(found)
            if len(ahead) < 2:
                return _page(found)
            top = floor
        return await self._unfinished(found, top)

    def _full(self, found: list[Found]) -> Page[Job]:
        """One more job than was asked for says that another page follows."""
        return _page(found[: self._limit], str(found[self._limit - 1].seq))

    async def _unfinished(self, found: list[Found], last: int) -> Page[Job]:
        """The page that has looked as far as it may, the last time at the job ``last``."""
        reached = await self.enqueued_at(last)
        return Page(items=_jobs(found), next_cursor=str(last), complete=False, reached=reached)

    async def _range(self, before: int | None) -> tuple[int, int]:
        """Below which ``seq`` jobs can match, and from which on."""
        top = (await self.last_seq() or 0) + 1
        if self.bounds.until is not None:
            top = await self._place(self.bounds.until, CLOCK_STEP_MAX, top)
        if before is not None:
            top = min(top, before)
        return top, 0 if self.bounds.since is None else await self._place(self.bounds.since, -CLOCK_STEP_MAX, top)

    async def _place(self, instant: datetime, slack: timedelta, top: int) -> int:
        """From which ``seq`` on jobs were enqueued at ``instant``, with the slack, or later; by bisection."""
        try:
            wanted = instant.astimezone(UTC) + slack
        except OverflowError:
            return 0 if slack < timedelta(0) else top
        low, high = 0, top
        while low < high:
            middle = (low + high) // 2
            enqueued_at = await self.enqueued_at(middle)
            if enqueued_at is None or enqueued_at < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    @abstractmethod
    def has_id(self, ids: Sequence[str]) -> str:
        """The condition that a job has one of these ids."""

    @abstractmethod
    async def counters(self) -> Iterable[tuple[str, str, int]]:
        """Of each queue and state, how many jobs there are."""

    @abstractmethod
    async def last_seq(self) -> int | None:
        """Where the newest job is."""

    @abstractmethod
    async def enqueued_at(self, seq: int) -> datetime | None:
        """When the newest job up to there was enqueued."""

    @abstractmethod
    async def jobs_ahead(self, before: int, skip: int, floor: int) -> Sequence[int]:
        """The ``seq`` of the job that comes after ``skip`` others, newest first, and of the next one, if there are."""

    @abstractmethod
    async def places(self, by_index: str, top: int, bottom: int) -> list[int]:
        """What the statement answers, between the bounds, newest first."""

    @abstractmethod
    async def rows(
        self,
        count: int,
        *,
        before: int | None = None,
        floor: int | None = None,
        source: str | None = None,
        places: Sequence[int] | None = None,
    ) -> list[Found]:
        """The newest matching jobs, of those between the bounds, under the condition ``source``, or at the places."""


def _page(found: list[Found], cursor: str | None = None) -> Page[Job]:
    return Page(items=_jobs(found), next_cursor=cursor)


def _jobs(found: list[Found]) -> list[Job]:
    return [each.job for each in found]
