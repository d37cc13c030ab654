"""PgQueuer: list enqueue, batches of 500, its own autovacuum settings, one connection for the worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.cases.common import TEXT
from benchmarks.cases.peer_workload import Handled, figures_of
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop


class PgQueuerPeer:
    """Enqueues by a pool, works on a connection of its own."""

    def __init__(self, url: str, queries: Any) -> None:
        self.handled = Handled()
        self._url = url
        self._queries = queries

    async def enqueue_all(self, jobs: int) -> None:
        payloads: list[bytes | None] = [_payload(number) for number in range(jobs)]
        await self._queries.enqueue(["noop"] * jobs, payloads, [0] * jobs)

    async def enqueue(self, number: int) -> None:
        await self._queries.enqueue("noop", _payload(number))

    async def enqueue_pickup(self, asked_at: float) -> None:
        await self._queries.enqueue("pickup", str(asked_at).encode())

    @asynccontextmanager
    async def working(self, slots: int) -> AsyncIterator[None]:
        from pgqueuer import PgQueuer
        from pgqueuer.db import AsyncpgDriver

        connection = await asyncpg.connect(self._url)
        queue: Any = PgQueuer(AsyncpgDriver(connection))

        @queue.entrypoint("noop")  # type: ignore[untyped-decorator]
        async def noop(job: Any) -> None:
            json.loads(job.payload or b"")
            self.handled.noop()

        @queue.entrypoint("pickup")  # type: ignore[untyped-decorator]
        async def pickup(job: Any) -> None:
            self.handled.pickup(float(job.payload or b"0"))

        running = asyncio.create_task(queue.qm.run(batch_size=slots))
        try:
            yield
        finally:
            queue.shutdown.set()
            await running
            await connection.close()

    async def left(self) -> int:
        return sum(each.count for each in await self._queries.queue_size())


def _payload(number: int) -> bytes:
    return json.dumps([number, TEXT]).encode()


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    from pgqueuer.db import AsyncpgPoolDriver
    from pgqueuer.queries import Queries

    async with asyncpg.create_pool(server.url(), min_size=1, max_size=20) as pool:
        queries: Any = Queries(AsyncpgPoolDriver(pool))
        await queries.install()
        await queries.optimize_autovacuum()
        return await figures_of(PgQueuerPeer(server.url(), queries), server, jobs)


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
