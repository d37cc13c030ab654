"""Where a claim may begin, while the start of its index is full of what is dead.

Claimed jobs leave entries in the index that later claims walk over until vacuum removes them, and vacuum removes
nothing while anybody holds an old snapshot: a backup, a report, a forgotten transaction. Each claim then walks over
everything that was claimed since. Where that takes long, claims begin at what was claimed last, and only now and then
at the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from headrace.model.job import Job

SLOW_S = 0.03
SLOW_S_A_JOB = 0.00005
"""A claim that finds its jobs in less is left alone. On a healthy table 500 jobs are found in 3 ms."""

BEYOND_S_MIN = 1.0
SHARE = 20
"""While claims begin beyond the start, one from the start takes place every second, or as rarely as makes a twentieth
of the time. So long may a job wait that came to lie before the floor: one that was retried at once, or whose
transaction was slow to commit."""

SLACK = timedelta(milliseconds=250)
"""The floor stays so far behind the newest job that was claimed, for transactions that overlap."""

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
