"""Huey with SqliteHuey: 2 worker threads, results off, its default journal and fsync settings."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.cases.common import TEXT, percentile, rate


def measure(folder: Path, scale: float) -> dict[str, float]:
    from huey import SqliteHuey

    jobs = int(20_000 * scale)
    huey: Any = SqliteHuey("bench", filename=str(folder / "huey.db"), results=False)
    ran = 0
    finished = threading.Event()
    waits: list[float] = []

    @huey.task()  # type: ignore[untyped-decorator]
    def noop(number: int, text: str) -> None:
        nonlocal ran
        ran += 1  # two threads and one interpreter lock: an increment may be lost, so the queue's length decides
        if ran >= jobs - 1 and not len(huey):
            finished.set()

    @huey.task()  # type: ignore[untyped-decorator]
    def pickup(asked_at: float) -> None:
        waits.append(time.monotonic() - asked_at)

    begun = time.perf_counter()
    for number in range(jobs):
        noop(number, TEXT)
    bulk = rate(jobs, begun)
    consumer = huey.create_consumer(workers=2, periodic=False)
    consumer._set_signal_handlers = lambda: None
    begun = time.perf_counter()
    consumer.start()
    while len(huey):
        finished.wait(0.005)
    drain = rate(jobs, begun)
    count = int(800 * scale)
    started = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started + number / 200 - time.monotonic()))
        pickup(time.monotonic())
    deadline = time.monotonic() + 10
    while len(waits) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    consumer.stop(graceful=True)
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "pickup at 200/s in process, p50 ms": percentile(waits, 0.5) * 1e3,
        "pickup at 200/s in process, p99 ms": percentile(waits, 0.99) * 1e3,
    }
