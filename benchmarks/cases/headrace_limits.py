"""headrace: a drain under limits: 1,000 keys that take turns, with limits of queue and key, by one worker process."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app, rate, until_drained
from headrace import Rate, seconds

SLOTS = 100
KEYS = 1_000


async def _measure(folder: Path, jobs: int) -> dict[str, float]:
    app, noop = make_app(folder)
    async with app:
        await app.configure_queue(
            "default",
            fair=True,
            concurrency=4 * SLOTS,
            key_concurrency=10,
            key_rate=Rate(10_000, per=seconds(1)),
        )
        calls = [noop.call(number, TEXT).options(partition=f"tenant-{number % KEYS}") for number in range(jobs)]
        begun = time.perf_counter()
        await app.enqueue_many(calls)
        bulk = rate(jobs, begun)
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


def measure(folder: Path, scale: float) -> dict[str, float]:
    return asyncio.run(_measure(folder, int(20_000 * scale)))
