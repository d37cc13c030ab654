"""litequeue: a loop that gets, does nothing, and marks as done."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.cases.common import TEXT, rate


def measure(folder: Path, scale: float) -> dict[str, float]:
    import litequeue

    jobs = int(20_000 * scale)
    queue: Any = litequeue.LiteQueue(str(folder / "lite.db"))
    begun = time.perf_counter()
    for number in range(jobs):
        queue.put(json.dumps({"number": number, "text": TEXT}))
    bulk = rate(jobs, begun)
    begun = time.perf_counter()
    done = 0
    # It sorts the whole backlog for every message: a part of the drain says enough, and its rate flatters it.
    while done < jobs // 4 and (message := getattr(queue, "pop", queue.get)()) is not None:
        json.loads(message.data)
        queue.done(message.message_id)
        done += 1
    return {"bulk enqueue, jobs/s": bulk, "drain, jobs/s": rate(done, begun)}
