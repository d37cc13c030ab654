"""How far one page of a search looks: so many jobs, and for so long.

Nobody can say beforehand what a look costs. A job's row tells its task in a third of a microsecond, its arguments in
some four, and its errors in twenty. So a page that has little time looks at jobs in steps, and sizes each step by how
long the one before took.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from headrace.model.page import JobQuery

STEP_FIRST = 250
"""Jobs of the first step, which is made however little time there is: every page gets on. Of the slowest tests, so many
take five milliseconds."""

STEP_GROWTH_MAX = 10
"""What the first jobs cost says little of those that come a hundred times further."""

SHARE = 0.7
"""Of the time that is left, what a step is to take: some steps take longer than was thought."""


class Look:
    """One page's steps: ``next`` before each says how many jobs it may look at; 0 ends the page.

    >>> look = Look(JobQuery(scan=10))
    >>> look.next(), look.next()
    (10, 0)
    """

    def __init__(self, query: JobQuery, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._left = max(1, query.scan)
        self._clock = clock
        self._at = clock()
        self._ends = None if query.patience is None else self._at + query.patience.total_seconds()
        self._step = 0

    def may_collect(self, count: int, *, quick: int) -> bool:
        """Whether an index may be followed to the places of ``count`` jobs, before any of them is looked at.

        ``quick`` is how many places the store collects within some ten milliseconds.
        """
        return count <= (self._left if self._ends is None else min(self._left, quick))

    def next(self) -> int:
        """How many jobs to look at now. The first time it is never 0."""
        self._step = min(self._left, self._left if self._ends is None else self._fitting(self._ends))
        self._left -= self._step
        return self._step

    def _fitting(self, ends: float) -> int:
        now, before = self._clock(), self._at
        self._at = now
        if not self._step:
            return STEP_FIRST
        if now >= ends:
            return 0
        pace = self._step / max(now - before, 1e-6)
        fitting = int(pace * (ends - now) * SHARE)
        return min(fitting, self._step * STEP_GROWTH_MAX) if fitting >= STEP_FIRST // 10 else 0
