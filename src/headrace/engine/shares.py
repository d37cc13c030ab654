"""How many jobs a queue may have in this worker: its slots, and as many ahead as will start within a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from headrace.engine.crowd import Crowd
from headrace.engine.execution import Execution

PREFETCH_HORIZON_S = 1.0
"""Jobs claimed ahead are hidden from other workers, so no more are than this worker will start within a second."""

_RATE_WINDOW_S = 0.1
"""Shorter windows say nothing about long jobs: two that happen to end together would look like a thousand a second."""


class Share:
    """A queue's share of the worker. ``crowds`` are the batches that still gather jobs, by task.

    With ``by_halves`` a claim is for half of what is held ahead, so that one can be on its way while the other runs.
    """

    __slots__ = (
        "_ended",
        "_since",
        "ahead",
        "ahead_max",
        "by_halves",
        "crowds",
        "queue",
        "running",
        "slots",
        "waiting",
    )

    def __init__(self, queue: str, slots: int, ahead_max: int, now: float, *, by_halves: bool = False) -> None:
        self.queue = queue
        self.slots = slots
        self.ahead_max = ahead_max
        self.by_halves = by_halves
        self.ahead = 0
        self.running = 0
        self.waiting: deque[Execution] = deque()
        self.crowds: dict[str, Crowd] = {}
        self._ended = 0
        self._since = now

    def ended(self) -> None:
        """Count a job that ended."""
        self._ended += 1

    def measure(self, now: float) -> None:
        """Decide, from the pace since the last time, how many jobs to hold ahead."""
        elapsed = now - self._since
        if elapsed < _RATE_WINDOW_S and self._ended < self.slots:
            return
        soon = self._ended * PREFETCH_HORIZON_S / elapsed if elapsed > 0 else self.ahead_max
        self.ahead = min(self.ahead_max, int(soon))
        self._ended = 0
        self._since = now

    def demand(self, coming: int = 0) -> int:
        """How many jobs to claim now, while so many are coming."""
        wanted = self.slots + self.ahead - self.running - len(self.waiting) - coming
        if self.crowds:
            # A batch holds one slot, and takes as many jobs as it has room for.
            wanted += sum(crowd.room for crowd in self.crowds.values())
        if self.by_halves:
            wanted = min(wanted, max(self.slots, self.ahead // 2))
        return max(0, wanted)

    def hungry(self, coming: int = 0) -> bool:
        """True when a claim is worth a call: a slot is free, or a quarter of what is held ahead is used up.

        At half, the claim that fills it comes back when there is nothing left to run.
        """
        return (self.running + len(self.waiting) + coming - self.slots) * 4 < self.ahead * 3 or bool(self.crowds)


def make_shares(queues: Mapping[str, int], prefetch: int, now: float, *, by_halves: bool = False) -> dict[str, Share]:
    """A share for each queue; the prefetch is shared out by their slots, at least one each while there is any."""
    slots = sum(queues.values())
    shares = {}
    for queue, count in queues.items():
        part = max(1, prefetch * count // slots) if prefetch else 0
        shares[queue] = Share(queue, count, part, now, by_halves=by_halves)
    return shares
