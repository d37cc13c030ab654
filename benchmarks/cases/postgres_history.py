"""headrace on PostgreSQL: the time of a claim with ten million finished jobs in the history, against none.

The history is written straight into the partitions, in the form in which headrace leaves it. Claims of one job each are
timed alone, so that what is measured is the claim and not the machine; the two servers take turns.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import asyncpg

from benchmarks.cases.common import TEXT, make_app_at, with_and_without
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop
from headrace.model.ids import WorkerId
from headrace.model.outcome import Completed, Finish
from headrace.storage.jobs import ClaimRequest

HISTORY = 10_000_000
ROUNDS = 5

_FILL = """
INSERT INTO headrace.succeeded (id, seq, task, queue, priority, state, attempt, max_attempts, claims, run_at,
                                enqueued_at, started_at, worker, codec, payload, task_version, finished_at)
SELECT (lpad(to_hex(i / 65536), 8, '0') || '-' || lpad(to_hex(i % 65536), 4, '0') || '-7000-8000-000000000000')::uuid,
       i, 'noop', 'default', 5, 'succeeded', 1, 5, 1, t.at, t.at, t.at, 'w-old', 'json', convert_to($2, 'UTF8'), 1, t.at
FROM generate_series(1, $1) AS i, LATERAL (SELECT now() - interval '1 hour' + i * interval '100 us' AS at) AS t
"""


async def _fill(server: MeasuredServer, rows: int) -> None:
    app, _ = make_app_at(server.url())
    async with app:
        pass
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(_FILL.replace("$1", str(rows)).replace("$2", f"'[1, \"{TEXT}\"]'"))
        await connection.execute("VACUUM ANALYZE headrace.succeeded")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _claims(server: MeasuredServer, count: int) -> list[float]:
    app, noop = make_app_at(server.url())
    waits: list[float] = []
    async with app:
        await app.enqueue_many([noop.call(number, TEXT) for number in range(count)])
        request = ClaimRequest(worker=WorkerId("w-bench"), demand={"default": 1}, lease_for=timedelta(seconds=30))
        for _ in range(count):
            begun = time.perf_counter()
            [claim] = await app.backend.jobs.claim(request)
            waits.append(time.perf_counter() - begun)
            outcome = Completed(result=None, codec="json")
            await app.backend.jobs.finish_many([Finish(lease=claim.lease, outcome=outcome)])
    return waits


def measure(folder: Path, scale: float) -> dict[str, float]:
    empty: list[float] = []
    filled: list[float] = []
    rows, count = int(HISTORY * scale), 400
    with served() as without, served() as server:
        under_uvloop(_fill, server, rows)
        for _ in range(ROUNDS):
            empty += under_uvloop(_claims, without, count)
            filled += under_uvloop(_claims, server, count)
    return {"finished jobs in the history": float(rows)} | with_and_without("claim", filled, empty)
