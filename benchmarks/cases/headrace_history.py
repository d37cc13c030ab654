"""headrace: pickup with ten million finished jobs in the file, against an empty one.

The history is written straight into the tables, in the form in which headrace leaves it, because enqueuing and running
ten million jobs would take a quarter of an hour. The row of the empty file is measured right before and after.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import closing
from pathlib import Path

import apsw

from benchmarks.cases.common import make_app, sqlite_url, with_and_without
from benchmarks.cases.headrace_pickup import in_process

HISTORY = 10_000_000

_JOBS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO headrace_jobs (seq, id, task, queue, priority, state, run_at, attempt, max_attempts, claims, wakes, worker,
                           cancel, enqueued_at, started_at, finished_at)
SELECT i, printf('%08x-0000-7000-8000-%012x', i, i), 'noop', 'default', 5, 'succeeded', :now + i, 1, 5, 1, 0, 'w-old',
       0, :now + i, :now + i, :now + i
FROM n
"""
_BODIES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO headrace_bodies (seq, codec, payload, task_version)
SELECT i, 'json', '{"number":1,"text":"' || :text || '"}', 1 FROM n
"""


async def _make(folder: Path) -> None:
    app, _ = make_app(folder)
    async with app:
        pass


def fill(folder: Path, rows: int) -> None:
    """Write a history of finished jobs."""
    folder.mkdir()
    asyncio.run(_make(folder))
    with closing(apsw.Connection(str(folder / "jobs.db"))) as connection:
        connection.pragma("synchronous", "off")
        connection.pragma("cache_size", -400_000)
        yesterday = time.time_ns() // 1_000 - 86_400_000_000  # within the retention, so that pruning is not measured
        values = {"rows": rows, "now": yesterday, "text": "x" * 64}
        with connection:
            connection.execute(_JOBS, values)
            connection.execute(_BODIES, values)
            connection.execute("INSERT INTO headrace_counters VALUES ('default', 'succeeded', ?)", (rows,))
        connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)
    os.sync()  # or the operating system writes gigabytes back while the pickup is measured


def measure(folder: Path, scale: float) -> dict[str, float]:
    full = folder / "full"
    rows, jobs = int(HISTORY * scale), int(1_600 * scale) or 100
    fill(full, rows)
    empty: list[float] = []
    filled: list[float] = []
    for turn in range(3):
        place = folder / f"empty-{turn}"
        place.mkdir()
        empty += asyncio.run(in_process(sqlite_url(place), jobs))
        filled += asyncio.run(in_process(sqlite_url(full), jobs))
    return {"finished jobs in the file": float(rows)} | with_and_without("pickup", filled, empty)
