"""``make stress N=1000000``: that many jobs through several worker processes on one file, every one accounted for.

The store's counters tell how many succeeded, its rates how often a job was claimed: both must be the number that was
enqueued. Exits 1 if a job is missing, or was claimed twice although nobody died.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app, python, until_drained
from headrace import JobState

WORKERS = 2
CHUNK = 50_000


async def work(folder: Path) -> None:
    """A worker process: runs until its standard input is closed."""
    app, _ = make_app(folder)
    async with app, app.worker(queues={"default": 100}):
        await asyncio.to_thread(sys.stdin.read)


async def stress(folder: Path, jobs: int) -> bool:
    """Enqueue everything while the workers run; answer whether all is accounted for."""
    app, noop = make_app(folder)
    async with app:
        crew = [
            subprocess.Popen([python(), "-m", "benchmarks.stress", "work", str(folder)], stdin=subprocess.PIPE)
            for _ in range(WORKERS)
        ]
        begun = time.perf_counter()
        for start in range(0, jobs, CHUNK):
            await app.enqueue_many([noop.call(n, TEXT) for n in range(start, min(start + CHUNK, jobs))])
            print(f"{time.perf_counter() - begun:7.1f} s  enqueued {min(start + CHUNK, jobs):,}", flush=True)
        await until_drained(app)
        took = time.perf_counter() - begun
        for process in crew:
            process.communicate()
        counts = {each.state: each.count for each in await app.counts()}
        claimed = sum(rate.claimed for rate in await app.backend.reader.rates(window=timedelta(hours=23)))
    done = counts.get(JobState.SUCCEEDED, 0)
    print(f"{jobs:,} jobs in {took:.1f} s, {jobs / took:,.0f}/s; succeeded {done:,}; claims {claimed:,}; {counts}")
    return done == jobs and claimed == jobs


def main() -> None:
    if sys.argv[1] == "work":
        asyncio.run(work(Path(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory(prefix="headrace-stress-") as folder:
        sys.exit(not asyncio.run(stress(Path(folder), int(sys.argv[1]))))


if __name__ == "__main__":
    main()
