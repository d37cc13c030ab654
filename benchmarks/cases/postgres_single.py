"""headrace on PostgreSQL: single enqueues, each on the disk before it returns, and the cost of one in a transaction."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.cases.common import TEXT, make_app_at, percentile
from benchmarks.cases.headrace_single import enqueue_singly
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop
from headrace import Headrace, Task

INSERT = "INSERT INTO orders (note) VALUES ($1)"


async def _measure(server: MeasuredServer, jobs: int) -> dict[str, float]:
    figures = await enqueue_singly(*make_app_at(server.url()), jobs)
    app, noop = make_app_at(server.url())
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, note text)")
        async with app:
            figures |= await _in_transaction(app, noop, connection, jobs // 20)
    finally:
        await connection.close()
    return figures


async def _in_transaction(
    app: Headrace, noop: Task[[int, str], None], connection: asyncpg.Connection[Any], count: int
) -> dict[str, float]:
    """What an enqueue adds to a transaction that inserts a row, and that row alone: the machine's speed. In turns."""

    async def bare(number: int) -> None:
        await connection.execute(INSERT, TEXT)

    async def plain(number: int) -> None:
        async with connection.transaction():
            await connection.execute(INSERT, TEXT)

    async def with_job(number: int) -> None:
        async with connection.transaction():
            await connection.execute(INSERT, TEXT)
            await app.enqueue(noop.call(number, TEXT), connection=connection)

    seconds: dict[Callable[[int], Awaitable[None]], list[float]] = {bare: [], plain: [], with_job: []}
    for number in range(count):
        for act, taken in seconds.items():
            begun = time.perf_counter()
            await act(number)
            taken.append(time.perf_counter() - begun)
    alone, both = percentile(seconds[plain], 0.5) * 1e3, percentile(seconds[with_job], 0.5) * 1e3
    return {
        "a bare INSERT, p50 ms": percentile(seconds[bare], 0.5) * 1e3,
        "a transaction with one INSERT, p50 ms": alone,
        "the same with an enqueue, p50 ms": both,
        "what the enqueue adds, ms": both - alone,
    }


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(20_000 * scale))
