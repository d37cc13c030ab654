"""headrace: a drain under limits: 1,000 keys that take turns, with limits of queue and key, by one worker process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app
from benchmarks.cases.headrace_drain import SLOTS, drained
from headrace import Rate, seconds

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
        return await drained(app, calls)


def measure(folder: Path, scale: float) -> dict[str, float]:
    return asyncio.run(_measure(folder, int(20_000 * scale)))
