"""headrace: what it costs to import it, to ask the command for help, and to let a worker wait."""

from __future__ import annotations

import asyncio
import compileall
import statistics
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import headrace
from benchmarks.cases.common import TEXT, make_app, python, resident_bytes

STARTS = 11
IDLE_S = 10.0


def _start_ms(*arguments: str) -> float:
    """Median wall time of a process that ends by itself."""
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        subprocess.run([python(), *arguments], check=True, capture_output=True)
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


async def _idle(folder: Path, scheduled: int) -> dict[str, float]:
    app, _ = make_app(folder)
    async with app, app.worker(queues={"default": 10}):
        await asyncio.sleep(1)
        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(IDLE_S)
        share = (time.process_time() - cpu) / (time.perf_counter() - begun) * 100
        idle = resident_bytes()
        await _schedule(folder, scheduled)
        await asyncio.sleep(2)
        loaded = resident_bytes()
    return {
        "idle worker, MB": idle / 1e6,
        "idle worker, % of a core": share,
        "scheduled jobs": float(scheduled),
        "worker with them, MB": loaded / 1e6,
    }


async def _schedule(folder: Path, jobs: int) -> None:
    """From another process, as they would be: only the store should grow."""
    code = (
        "import asyncio, sys; from pathlib import Path; "
        "from benchmarks.cases.headrace_footprint import enqueue_scheduled; "
        "asyncio.run(enqueue_scheduled(Path(sys.argv[1]), int(sys.argv[2])))"
    )
    await asyncio.to_thread(subprocess.run, [python(), "-c", code, str(folder), str(jobs)], check=True)


async def enqueue_scheduled(folder: Path, jobs: int) -> None:
    """Enqueue jobs that are due tomorrow."""
    app, noop = make_app(folder)
    later = noop.options(delay=timedelta(days=1))
    async with app:
        for start in range(0, jobs, 10_000):
            await app.enqueue_many([later.call(start + each, TEXT) for each in range(min(10_000, jobs - start))])


def measure(folder: Path, scale: float) -> dict[str, float]:
    # An editable install has no byte code where Python is told not to write it; a user's install has.
    compileall.compile_dir(str(Path(headrace.__file__).parent), quiet=1)
    bare = _start_ms("-c", "pass")
    return {
        "python -c pass, ms": bare,
        "import headrace, ms": _start_ms("-c", "import headrace") - bare,
        "from headrace import Headrace, ms": _start_ms("-c", "from headrace import Headrace") - bare,
        "headrace --help, ms": _start_ms("-m", "headrace.cli", "--help"),
        **asyncio.run(_idle(folder, int(1_000_000 * scale))),
    }
