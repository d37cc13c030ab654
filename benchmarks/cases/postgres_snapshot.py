"""headrace on PostgreSQL: a minute of enqueuing and draining at full speed, with a snapshot held open and without.

A snapshot that is held keeps vacuum from removing what is dead, so that a queue's index fills with entries that every
claim has to walk over. The server's defaults are left as they are; the backlog is held at about two thousand jobs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from benchmarks.cases.common import TEXT, make_app_at
from benchmarks.cases.postgres_common import SLOTS, MeasuredServer, served, under_uvloop

SECONDS = 60
PART = 10
BACKLOG = 2_000
CHUNK = 500

WAL_FILES = 140
"""A minute writes up to 135. With as many as the other cases begin with, the server makes a new one each half second
from the twentieth second on, and everybody waits for each."""


@asynccontextmanager
async def _snapshot(url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("SELECT count(*) FROM headrace.jobs")
            yield
    finally:
        await connection.close()


async def _at_full_speed(url: str, seconds: float) -> list[int]:
    """How many jobs ran in each tenth of a minute."""
    app, _ = make_app_at(url)
    ran = enqueued = 0

    @app.task(name="counted", keep_result=False)
    async def counted(number: int, text: str) -> None:
        nonlocal ran
        ran += 1

    parts: list[int] = []
    async with app, app.worker(queues={"default": SLOTS}):
        begun = time.monotonic()
        ends = begun + PART * seconds / SECONDS
        before = 0
        while len(parts) < SECONDS // PART:
            if enqueued - ran < BACKLOG:
                await app.enqueue_many([counted.call(number, TEXT) for number in range(CHUNK)])
                enqueued += CHUNK
            else:
                await asyncio.sleep(0.002)
            if time.monotonic() >= ends:
                parts.append(ran - before)
                before, ends = ran, ends + PART * seconds / SECONDS
    return parts


async def _measure(server: MeasuredServer, seconds: float, held: bool) -> list[int]:
    app, _ = make_app_at(server.url())
    async with app:
        pass
    if not held:
        return await _at_full_speed(server.url(), seconds)
    async with _snapshot(server.url()):
        return await _at_full_speed(server.url(), seconds)


def measure(folder: Path, scale: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, held in (("snapshot held", True), ("control", False)):
        with served(WAL_FILES, min_wal_size="3GB") as server:
            parts = under_uvloop(_measure, server, SECONDS * scale, held)
        per_second = PART * scale
        figures[f"{name}: first 10 s, jobs/s"] = parts[0] / per_second
        figures[f"{name}: last 10 s, jobs/s"] = parts[-1] / per_second
        figures[f"{name}: last over first"] = parts[-1] / parts[0]
        figures[f"{name}: jobs in all"] = sum(parts)
    return figures
