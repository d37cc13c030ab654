"""Procrastinate: ``batch_defer_async``, 100 jobs at a time, a pool of 20, finished jobs kept as by default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.cases.common import TEXT
from benchmarks.cases.peer_workload import Handled, figures_of
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop

CONCURRENCY_MAX = 100
"""More make it slower: it fetches one job at a time."""


class ProcrastinatePeer:
    """One app enqueues and works."""

    def __init__(self, app: Any, looking: psycopg.AsyncConnection[Any]) -> None:
        self.handled = Handled()
        self._app = app
        self._looking = looking

        @app.task(name="noop")  # type: ignore[untyped-decorator]
        async def noop(number: int, text: str) -> None:
            self.handled.noop()

        @app.task(name="pickup")  # type: ignore[untyped-decorator]
        async def pickup(asked_at: float) -> None:
            self.handled.pickup(asked_at)

        self._noop: Any = noop
        self._pickup: Any = pickup

    async def enqueue_all(self, jobs: int) -> None:
        await self._noop.batch_defer_async(*({"number": number, "text": TEXT} for number in range(jobs)))

    async def enqueue(self, number: int) -> None:
        await self._noop.defer_async(number=number, text=TEXT)

    async def enqueue_pickup(self, asked_at: float) -> None:
        await self._pickup.defer_async(asked_at=asked_at)

    @asynccontextmanager
    async def working(self, slots: int) -> AsyncIterator[None]:
        slots = min(slots, CONCURRENCY_MAX)
        running = asyncio.create_task(self._app.run_worker_async(concurrency=slots, install_signal_handlers=False))
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def left(self) -> int:
        found = await self._looking.execute("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        [(count,)] = await found.fetchall()
        return int(count)


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=server.url(), min_size=1, max_size=20))
    async with app.open_async(), await psycopg.AsyncConnection.connect(server.url(), autocommit=True) as looking:
        await app.schema_manager.apply_schema_async()
        return await figures_of(ProcrastinatePeer(app, looking), server, jobs)


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
