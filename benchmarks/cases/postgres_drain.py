"""headrace on PostgreSQL: bulk enqueue and drain of no-op jobs by one worker process, history kept, fsync on."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app_at, rate, until_drained
from benchmarks.cases.postgres_common import SLOTS, MeasuredServer, served, under_uvloop


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    app, noop = make_app_at(server.url())
    async with app:
        begun = time.perf_counter()
        await app.enqueue_many([noop.call(number, TEXT) for number in range(jobs)])
        bulk = rate(jobs, begun)
        begun, cpu, server_cpu = time.perf_counter(), time.process_time(), server.cpu_s()
        async with app.worker(queues={"default": SLOTS}):
            await until_drained(app, every_s=0.01)
            drain = rate(jobs, begun)
            cpu, server_cpu = time.process_time() - cpu, server.cpu_s() - server_cpu
        succeeded = {each.state.value: each.count for each in await app.counts()}.get("succeeded", 0)
        if succeeded != jobs:
            raise RuntimeError(f"{succeeded} of {jobs} jobs succeeded")
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "client CPU, us/job": cpu / jobs * 1e6,
        "server CPU, us/job": server_cpu / jobs * 1e6,
    }


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
