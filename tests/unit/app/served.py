"""A worker that is there as far as the store knows."""

from __future__ import annotations

import msgspec

from headrace import Headrace, seconds
from headrace.engine.registry import BUCKET, WorkerRecord
from headrace.model.ids import WorkerId
from headrace.storage.kv import Put


async def serve(
    app: Headrace,
    *queues: str,
    worker: str = "w-1",
    tasks: tuple[str, ...] = ("t",),
    running: int = 0,
    lease_s: float = 0.0,
) -> None:
    """Let there be a worker."""
    record = WorkerRecord(
        id=WorkerId(worker),
        hostname="mill",
        pid=7,
        queues=dict.fromkeys(queues, 10),
        started_at=app.backend.clock.now(),
        running=running,
        tasks=tasks,
        lease_s=lease_s,
    )
    await app.backend.kv.put_many(BUCKET, [Put(key=worker, value=msgspec.json.encode(record), ttl=seconds(30))])
