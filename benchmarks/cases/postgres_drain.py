"""headrace on PostgreSQL: bulk enqueue and drain of no-op jobs by one worker process, history kept, fsync on.

The drain counts from the start of the first handler, and once more with the start of the worker before it. The garbage
collector leaves alone what is loaded when the worker starts, as in ``headrace worker``.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app_at, rate, until_drained
from benchmarks.cases.postgres_common import LOOK_EVERY_S, SLOTS, MeasuredServer, served, under_uvloop
from headrace import Call, JobState, Task
from headrace.engine.collector import spare_the_collector

WARM = 1_000
AHEAD = 2_000
"""Jobs held ahead of the slots: twice the default, for jobs that take no time at all."""


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    app, _ = make_app_at(server.url())
    first, ran = 0.0, 0

    @app.task(name="timed", keep_result=False)
    async def timed(number: int, text: str) -> None:
        nonlocal first, ran
        first = first or time.perf_counter()
        ran += 1

    async with app:
        # Each connection of the pool is opened, and its statements are prepared, by the first batches.
        await asyncio.gather(*(app.enqueue_many(_calls(timed, WARM, "other")) for _ in range(4)))
        begun = time.perf_counter()
        await app.enqueue_many(_calls(timed, jobs, "default"))
        bulk = rate(jobs, begun)
        spare_the_collector()
        begun, cpu, server_cpu = time.perf_counter(), time.process_time(), server.cpu_s()
        async with app.worker(queues={"default": SLOTS}, prefetch=AHEAD):
            # As with the peers, the store is asked when all have run: the question has a price.
            while ran < jobs:
                await asyncio.sleep(LOOK_EVERY_S)
            await until_drained(app, LOOK_EVERY_S, queue="default")
            drain, with_start = rate(jobs, first), rate(jobs, begun)
            cpu, server_cpu = time.process_time() - cpu, server.cpu_s() - server_cpu
        succeeded = sum(each.count for each in await app.counts() if each.state is JobState.SUCCEEDED)
        if succeeded != jobs:
            raise RuntimeError(f"{succeeded} of {jobs} jobs succeeded")
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "drain with the start of the worker, jobs/s": with_start,
        "client CPU, us/job": cpu / jobs * 1e6,
        "server CPU, us/job": server_cpu / jobs * 1e6,
    }


def _calls(task: Task[[int, str], None], count: int, queue: str) -> list[Call[None]]:
    there = task.options(queue=queue)
    return [there.call(number, TEXT) for number in range(count)]


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
