"""headrace: single enqueues, each durable before it returns, by 50 concurrent callers and by one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app, percentile, rate
from headrace import Headrace, Task

CALLERS = 50


async def enqueue_singly(app: Headrace, noop: Task[[int, str], None], jobs: int) -> dict[str, float]:
    """The figures of ``jobs`` enqueues by 50 callers, and of a tenth of them by one, on an app that is not open yet."""
    waits: list[float] = []

    async def caller(count: int) -> None:
        for number in range(count):
            begun = time.perf_counter()
            await noop.enqueue(number, TEXT)
            waits.append(time.perf_counter() - begun)

    async with app:
        await caller(20)
        waits.clear()
        begun = time.perf_counter()
        await asyncio.gather(*(caller(jobs // CALLERS) for _ in range(CALLERS)))
        together = rate(jobs, begun)
        p50, p99 = percentile(waits, 0.5) * 1e3, percentile(waits, 0.99) * 1e3
        waits.clear()
        begun = time.perf_counter()
        await caller(jobs // 10)
        alone = rate(jobs // 10, begun)
    return {
        "50 concurrent single enqueues, jobs/s": together,
        "50 concurrent single enqueues, p50 ms": p50,
        "50 concurrent single enqueues, p99 ms": p99,
        "single enqueue, one caller, jobs/s": alone,
        "single enqueue, one caller, p50 ms": percentile(waits, 0.5) * 1e3,
    }


def measure(folder: Path, scale: float) -> dict[str, float]:
    return asyncio.run(enqueue_singly(*make_app(folder), int(20_000 * scale)))
