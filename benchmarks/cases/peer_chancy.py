"""Chancy: ``push_many`` in batches of 1,000, 100 jobs at a time on the loop, acknowledged every 50 ms, plugins off."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.cases.common import TEXT
from benchmarks.cases.peer_workload import Handled, figures_of
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop

CONCURRENCY_MAX = 100
FLUSH_EVERY_S = 0.05
"""It is a second by default, which would be most of the drain."""

HANDLED = Handled()
"""Its jobs are functions of modules, found by their names."""


async def noop(*, number: int, text: str) -> None:
    HANDLED.noop()


async def pickup(*, asked_at: float) -> None:
    HANDLED.pickup(asked_at)


class ChancyPeer:
    """One app enqueues and works."""

    handled = HANDLED

    def __init__(self, app: Any, looking: psycopg.AsyncConnection[Any]) -> None:
        self._app = app
        self._looking = looking

    async def enqueue_all(self, jobs: int) -> None:
        many = [_job(noop, number=number, text=TEXT) for number in range(jobs)]
        async for _ in self._app.push_many(many, batch_size=1_000):
            pass

    async def enqueue(self, number: int) -> None:
        await self._app.push(_job(noop, number=number, text=TEXT))

    async def enqueue_pickup(self, asked_at: float) -> None:
        await self._app.push(_job(pickup, asked_at=asked_at))

    @asynccontextmanager
    async def working(self, slots: int) -> AsyncIterator[None]:
        from chancy import Queue, Worker

        slots = min(slots, CONCURRENCY_MAX)
        queue = Queue("default", concurrency=slots, executor=self._app.Executor.Async, eager_polling=True)
        await self._app.declare(queue, upsert=True)
        worker = Worker(self._app, register_signal_handlers=False)
        worker.send_outgoing_interval = FLUSH_EVERY_S
        async with worker:
            yield

    async def left(self) -> int:
        found = await self._looking.execute(
            "SELECT count(*) FROM chancy_jobs WHERE state NOT IN ('succeeded', 'failed', 'expired')"
        )
        [(count,)] = await found.fetchall()
        return int(count)


def _job(function: Any, **values: Any) -> Any:
    from chancy import Job

    return Job.from_func(function, kwargs=values)


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    from chancy import Chancy

    # Its own logger writes a coloured line for each job.
    app = Chancy(server.url(), max_connection_pool_size=20, no_default_plugins=True, log=logging.getLogger(__name__))
    async with app, await psycopg.AsyncConnection.connect(server.url(), autocommit=True) as looking:
        await app.migrate()
        return await figures_of(ChancyPeer(app, looking), server, jobs)


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
