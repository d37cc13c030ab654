"""Whole systems in virtual time: several workers, one store, one seed, and everything that can go wrong.

`simulate` runs the production engine on a memory store behind a `FaultyBackend` for each process. Workers are killed,
stopped and cut off; calls fail before and after their effect; replies are late; signals are lost and doubled. A
bookkeeper beside the store checks after every verb that each lease has one holder, that every write without a current
lease is stale, that attempts stay within their limit and that the counters equal a recount; at the end, that every
acknowledged job ended exactly once. Minutes of virtual time take a fraction of a second, and the same seed gives the
same history.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from headrace.model.job import JobState
from headrace.storage.jobs import JobStore
from headrace.testing.simulation.bookkeeper import Violation
from headrace.testing.simulation.loop import LoopClock, Stuck, VirtualLoop, run_virtual
from headrace.testing.simulation.world import Happening, Settings, World

__all__ = [
    "Happening",
    "LoopClock",
    "Settings",
    "Story",
    "Stuck",
    "Violation",
    "VirtualLoop",
    "run_virtual",
    "simulate",
]

TAIL = 60
"""Lines of the history that a failure shows: those of the job at fault are nearly always among them."""


class Story(Struct, frozen=True, kw_only=True):
    """What happened: every line of it, how often what, how the jobs ended, and for how long a handler that had lost its
    lease went on beside its successor at most."""

    seed: int
    history: tuple[Happening, ...]
    happened: dict[str, int]
    ended: dict[JobState, int]
    overlap_s: float


def simulate(
    seed: int, settings: Settings | None = None, *, wrap: Callable[[JobStore], JobStore] = lambda jobs: jobs
) -> Story:
    """Run one simulation. Raises Violation, with the seed and the end of the history, when a promise is broken.

    ``wrap`` is put around the store, to see whether a fault of a store would be found.

    >>> story = simulate(1, Settings(jobs=5))
    >>> sum(story.ended.values())
    5
    >>> simulate(1, Settings(jobs=5)) == story
    True
    """
    before = random.getstate()
    # Back-off and jitter of the engine draw from the shared generator.
    random.seed(seed)
    try:
        return run_virtual(_run(seed, settings or Settings(), wrap))
    finally:
        random.setstate(before)


async def _run(seed: int, settings: Settings, wrap: Callable[[JobStore], JobStore]) -> Story:
    world = World(seed, settings, wrap)
    try:
        await world.run()
    except Violation as violation:
        tail = "\n".join(
            f"  {line.at:10.4f} {line.who:6} {line.what:9} {line.job} {line.detail}" for line in world.history[-TAIL:]
        )
        raise Violation(f"{violation}\nSeen again by simulate({seed}, {settings!r}). It ended so:\n{tail}") from None
    return Story(
        seed=seed,
        history=tuple(world.history),
        happened=dict(Counter(line.what for line in world.history)),
        ended=dict(world.states()),
        overlap_s=round(world.overlap_s, 6),
    )
