"""headrace: from the call of ``enqueue`` to the first line of the handler, at 200 jobs a second.

In one process the worker shares the app; across processes the worker is a child that writes down when each handler
began (the monotonic clock is the host's, so both processes read the same one).
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

from benchmarks.cases.common import make_app_at, percentile, python, sqlite_url

RATE = 200


async def _enqueue_steadily(task: object, jobs: int) -> None:
    begun = time.monotonic()
    for number in range(jobs):
        due = begun + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await task.enqueue(time.monotonic())  # type: ignore[attr-defined]


async def in_process(url: str, jobs: int) -> list[float]:
    """Latencies in seconds with the worker in the enqueuer's process."""
    app, _ = make_app_at(url)
    waits: list[float] = []

    @app.task(name="pickup", keep_result=False)
    async def pickup(asked_at: float) -> None:
        waits.append(time.monotonic() - asked_at)

    async with app, app.worker(queues={"default": 10}):
        await _enqueue_steadily(pickup, jobs // 10)
        waits.clear()
        await _enqueue_steadily(pickup, jobs)
        while len(waits) < jobs:
            await asyncio.sleep(0.01)
    return waits


async def across_processes(url: str, jobs: int, written: Path) -> list[float]:
    """Latencies in seconds with the worker in a process of its own."""
    app, _ = make_app_at(url)

    @app.task(name="pickup", keep_result=False)
    async def pickup(asked_at: float) -> None:
        raise AssertionError("runs in the child")

    async with app:
        child = subprocess.Popen(
            [python(), "-m", "benchmarks.cases.pickup_worker", url, str(written), str(jobs + jobs // 10)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        await asyncio.to_thread(child.stdout.readline)
        await _enqueue_steadily(pickup, jobs // 10)
        await _enqueue_steadily(pickup, jobs)
        await asyncio.to_thread(child.communicate)
    return [float(line) for line in written.read_text("ascii").split()][jobs // 10 :]


def pickup_figures(where: str, waits: list[float]) -> dict[str, float]:
    """The percentiles, named."""
    return {f"pickup at 200/s {where}, p{share * 100:.0f} ms": percentile(waits, share) * 1e3 for share in (0.5, 0.99)}


def measure(folder: Path, scale: float) -> dict[str, float]:
    jobs = int(1_600 * scale)
    inside, outside = folder / "inside", folder / "outside"
    inside.mkdir()
    outside.mkdir()
    waits = asyncio.run(in_process(sqlite_url(inside), jobs))
    waits_across = asyncio.run(across_processes(sqlite_url(outside), jobs, folder / "waits.txt"))
    return pickup_figures("in process", waits) | pickup_figures("across processes", waits_across)
