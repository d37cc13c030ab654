"""PgQueuer: list enqueue, batches of 500, its own autovacuum settings, one connection for the worker."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.cases.common import TEXT, percentile, rate
from benchmarks.cases.headrace_pickup import RATE, pickup_figures
from benchmarks.cases.headrace_single import CALLERS
from benchmarks.cases.postgres_common import SLOTS, MeasuredServer, served, under_uvloop


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
    from pgqueuer.queries import Queries
    from pgqueuer.types import QueueExecutionMode

    connection = await asyncpg.connect(server.url())
    queries: Any = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()
    begun = time.perf_counter()
    payloads: list[bytes | None] = [json.dumps([number, TEXT]).encode() for number in range(jobs)]
    await queries.enqueue(["noop"] * jobs, payloads, [0] * jobs)
    bulk = rate(jobs, begun)
    ran, first = 0, 0.0
    waits: list[float] = []
    queue: Any = PgQueuer(AsyncpgDriver(connection))

    @queue.entrypoint("noop")  # type: ignore[untyped-decorator]
    async def noop(job: Any) -> None:
        nonlocal ran, first
        first = first or time.perf_counter()
        json.loads(job.payload or b"")
        ran += 1

    @queue.entrypoint("pickup")  # type: ignore[untyped-decorator]
    async def pickup(job: Any) -> None:
        waits.append(time.monotonic() - float(job.payload or b"0"))

    begun, cpu, server_cpu = time.perf_counter(), time.process_time(), server.cpu_s()
    await queue.qm.run(batch_size=SLOTS, mode=QueueExecutionMode.drain)
    drain, with_start = rate(jobs, first), rate(jobs, begun)
    cpu, server_cpu = time.process_time() - cpu, server.cpu_s() - server_cpu
    if ran != jobs:
        raise RuntimeError(f"{ran} of {jobs} jobs ran")
    await connection.close()

    connection = await asyncpg.connect(server.url())
    async with asyncpg.create_pool(server.url(), min_size=1, max_size=20) as pool:
        queries = Queries(AsyncpgPoolDriver(pool))
        singles: list[float] = []

        async def caller(count: int) -> None:
            for number in range(count):
                asked = time.perf_counter()
                await queries.enqueue("noop", json.dumps([number, TEXT]).encode())
                singles.append(time.perf_counter() - asked)

        begun = time.perf_counter()
        await asyncio.gather(*(caller(jobs // 4 // CALLERS) for _ in range(CALLERS)))
        together, p99 = rate(jobs // 4, begun), percentile(singles, 0.99) * 1e3
        singles.clear()
        begun = time.perf_counter()
        await caller(jobs // 20)
        alone, p50 = rate(jobs // 20, begun), percentile(singles, 0.5) * 1e3
        await queries.clear_queue()

        worker: Any = PgQueuer(AsyncpgDriver(connection))
        worker.entrypoint("pickup")(pickup)
        running = asyncio.create_task(worker.qm.run(batch_size=10))
        await asyncio.sleep(1)
        count, begun = jobs // 12, time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            await queries.enqueue("pickup", str(time.monotonic()).encode())
        while len(waits) < count:
            await asyncio.sleep(0.01)
        worker.shutdown.set()
        await running
    await connection.close()
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "drain with the start of the worker, jobs/s": with_start,
        "client CPU, us/job": cpu / jobs * 1e6,
        "server CPU, us/job": server_cpu / jobs * 1e6,
        "50 concurrent single enqueues, jobs/s": together,
        "50 concurrent single enqueues, p99 ms": p99,
        "single enqueue, one caller, jobs/s": alone,
        "single enqueue, one caller, p50 ms": p50,
    } | pickup_figures("in process", waits)


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
