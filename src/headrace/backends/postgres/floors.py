"""Where a claim may begin, while the start of its index is full of what is dead.

Claimed jobs leave entries in the index that later claims walk over until vacuum removes them, and vacuum removes
nothing while anybody holds an old snapshot: a backup, a report, a forgotten transaction. Each claim then walks over
everything that was claimed since. Where that takes long, claims begin at what was claimed last, and only now and then
at the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from headrace.model.job import Job

SLOW_S = 0.01
SLOW_S_A_JOB = 0.00002
"""A claim that finds its jobs in less is left alone. On a healthy table 500 jobs are found in 3 ms."""

BEYOND_S_MIN = 1.0
SHARE = 20
"""While claims begin beyond the start, one from the start takes place every second, or as rarely as makes a twentieth
of the time. So long may a job wait that came to lie before the floor: one that was retried at once, or whose
transaction was slow to commit."""

SLACK = timedelta(milliseconds=250)
"""The floor stays so far behind the newest job that was claimed, for transactions that overlap."""

LOOK_SHARE, LOOK_S_MAX = 100, 60.0
"""The same for rescues, which find nothing in most rounds: a look from the start takes a hundredth of the time, and is
made once a minute at least."""

Floor = tuple[str, int, datetime]


class Floors:
    """The floors of one process, by queue and priority.

    >>> floors = Floors(clock=lambda: 100.0)
    >>> floors.usable
    False
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._newest: dict[tuple[str, int], datetime] = {}
        self._until = 0.0

    @property
    def usable(self) -> bool:
        """Whether the next claim is to begin at the floors."""
        return bool(self._newest) and self._clock() < self._until

    @property
    def floors(self) -> list[Floor]:
        """Before these, the queues are expected to be empty."""
        return [(queue, priority, newest - SLACK) for (queue, priority), newest in self._newest.items()]

    def walked(self, seconds: float, jobs: Iterable[Job], count: int) -> None:
        """Learn from a claim that began at the start."""
        self._newest.clear()
        if seconds > SLOW_S + SLOW_S_A_JOB * count:
            self._until = self._clock() + max(BEYOND_S_MIN, SHARE * seconds)
            self.rise(jobs)

    def rise(self, jobs: Iterable[Job]) -> None:
        """Learn from a claim that began at the floors."""
        for job in jobs:
            place = (job.queue, job.priority)
            known = self._newest.get(place)
            if known is None or job.run_at > known:
                self._newest[place] = job.run_at


class LeaseFloor:
    """Where a rescue of one process may begin: where the last one ended that found nothing, if that took long.

    A lease that was locked at that moment, or whose claim committed after it had run out, is found by the next look
    from the start, within a minute.

    >>> floor = LeaseFloor()
    >>> with floor.look(datetime(2026, 11, 22)) as before:
    ...     before is None
    True
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: datetime | None = None
        self._until = 0.0

    @contextmanager
    def look(self, until: datetime) -> Iterator[datetime | None]:
        """Look for leases that ended up to ``until``, from the instant that this answers; from the start for None."""
        before = self._seen if self._clock() < self._until else None
        begun = self._clock()
        yield before
        took = self._clock() - begun
        if before is None:
            self._until = begun + min(LOOK_S_MAX, LOOK_SHARE * took) if took > SLOW_S else 0.0
        self._seen = until

    def forget(self) -> None:
        """Begin at the start the next time."""
        self._until = 0.0
