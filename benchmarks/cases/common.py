"""What the cases share: the job, the percentiles, and headrace's own app."""

from __future__ import annotations

import asyncio
import math
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from headrace import Headrace, JobState, Task

TEXT = "x" * 64
"""The argument of every no-op job, beside a number: the size of a name and an address."""


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def with_and_without(what: str, filled: Sequence[float], empty: Sequence[float]) -> dict[str, float]:
    """What a history costs: percentiles of times in seconds, with it and without."""
    figures = {}
    for share in (0.5, 0.99):
        name, there, not_there = f"p{share * 100:.0f}", percentile(filled, share), percentile(empty, share)
        figures[f"{what} with history, {name} ms"] = there * 1e3
        figures[f"{what} without, {name} ms"] = not_there * 1e3
        figures[f"{what} {name}, with / without"] = there / not_there
    return figures


def make_app(folder: Path, *, synchronous: str = "full") -> tuple[Headrace, Task[[int, str], None]]:
    """An app on a fresh file, with the no-op task of all drains."""
    return make_app_at(sqlite_url(folder, synchronous=synchronous))


def make_app_at(url: str) -> tuple[Headrace, Task[[int, str], None]]:
    """The same on any store."""
    app = Headrace(url)

    @app.task(name="noop", keep_result=False)
    async def noop(number: int, text: str) -> None:
        return None

    return app, noop


def sqlite_url(folder: Path, *, synchronous: str = "full") -> str:
    """A file in the folder."""
    return f"sqlite:///{folder}/jobs.db?synchronous={synchronous}"


async def until_drained(app: Headrace, every_s: float = 0.003, queue: str | None = None) -> None:
    """Wait until the store shows nothing unfinished, of one queue or of all, looking every few milliseconds."""
    open_states = {JobState.QUEUED, JobState.RUNNING, JobState.SCHEDULED}
    while any(each.state in open_states and queue in (None, each.queue) for each in await app.counts()):
        await asyncio.sleep(every_s)


def resident_bytes() -> int:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def rate(count: int, begun: float) -> float:
    """Things a second since ``begun`` (``time.perf_counter``)."""
    return count / (time.perf_counter() - begun)


def python() -> str:
    """The interpreter that runs this."""
    return sys.executable
