"""headrace: bulk enqueue and drain of no-op jobs by one worker process, every job kept, fsync on.

The garbage collector leaves alone what is loaded when the worker starts, as in ``headrace worker``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app, rate, until_drained
from headrace import Call, Headrace
from headrace.engine.collector import spare_the_collector

SLOTS = 100


async def drained(app: Headrace, calls: Sequence[Call[None]]) -> dict[str, float]:
    """The figures of calls that are enqueued at once and then worked off, in an open app."""
    jobs = len(calls)
    begun = time.perf_counter()
    await app.enqueue_many(calls)
    bulk = rate(jobs, begun)
    spare_the_collector()
    begun, cpu, loop_cpu = time.perf_counter(), time.process_time(), time.thread_time()
    async with app.worker(queues={"default": SLOTS}):
        await until_drained(app)
        drain = rate(jobs, begun)
        cpu, loop_cpu = time.process_time() - cpu, time.thread_time() - loop_cpu
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "CPU of the process, us/job": cpu / jobs * 1e6,
        "CPU of the event loop's thread, us/job": loop_cpu / jobs * 1e6,
    }


async def _measure(folder: Path, jobs: int) -> dict[str, float]:
    app, noop = make_app(folder)
    async with app:
        return await drained(app, [noop.call(number, TEXT) for number in range(jobs)])


def measure(folder: Path, scale: float) -> dict[str, float]:
    return asyncio.run(_measure(folder, int(20_000 * scale)))
