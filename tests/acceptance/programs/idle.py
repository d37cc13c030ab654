"""What an idle worker costs: ``python -m tests.acceptance.programs.idle '{"url": "sqlite:///idle.db"}'``."""

from __future__ import annotations

import asyncio
import time

import psutil

from tests.acceptance.programs.common import Orders, make_app, read_orders, say

SETTLE_S = 2.0
"""After a start the polls are close together; an idle worker is one that has been idle for a while."""

MEASURE_S = 6.0


async def main(orders: Orders) -> None:
    """Start a worker, let it idle, and print its memory and its share of a processor."""
    app = make_app(orders)
    process = psutil.Process()
    async with app, app.worker(queues={"default": orders.slots}):
        await asyncio.sleep(SETTLE_S)
        begun, before = time.perf_counter(), process.cpu_times()
        await asyncio.sleep(MEASURE_S)
        after, elapsed = process.cpu_times(), time.perf_counter() - begun
        used = after.user + after.system - before.user - before.system
        say("idle", rss_mb=round(process.memory_info().rss / 1e6, 1), cpu_percent=round(100 * used / elapsed, 2))


if __name__ == "__main__":
    asyncio.run(main(read_orders()))
