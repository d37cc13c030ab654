"""headrace: submitting over HTTP on 32 connections, each job durable before it is answered, on SQLite and PostgreSQL.

At a steady rate the latency counts from the instant at which the request was due, so that a server that stumbles is
charged for the requests that it kept waiting. The load comes from this process, the server is another one.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.cases.common import TEXT, percentile, rate, sqlite_url
from benchmarks.cases.http_common import Connection, served_http, timed
from benchmarks.cases.postgres_common import served, under_uvloop

CONNECTIONS = 32
STEADY = 1_000
BODY = b'{"task": "noop", "args": {"number": 1, "text": "%s"}}' % TEXT.encode()


async def _at_full_speed(port: int, jobs: int) -> tuple[float, list[float]]:
    waits: list[float] = []
    connections = [await Connection.open(port) for _ in range(CONNECTIONS)]

    async def send(connection: Connection) -> None:
        for _ in range(jobs // CONNECTIONS):
            waits.append(await timed(connection, "POST", "/v1/jobs", BODY))  # noqa: PERF401 - filled by all at once

    begun = time.perf_counter()
    await asyncio.gather(*map(send, connections))
    speed = rate(len(waits), begun)
    for connection in connections:
        connection.close()
    return speed, waits


async def _steadily(port: int, jobs: int) -> list[float]:
    waits: list[float] = []
    connections = [await Connection.open(port) for _ in range(CONNECTIONS)]
    numbers = iter(range(jobs))
    begun = time.perf_counter() + 0.1

    async def send(connection: Connection) -> None:
        for number in numbers:
            due = begun + number / STEADY
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await timed(connection, "POST", "/v1/jobs", BODY)
            waits.append(time.perf_counter() - due)

    await asyncio.gather(*map(send, connections))
    for connection in connections:
        connection.close()
    return waits


async def _measure(port: int, jobs: int, store: str) -> dict[str, float]:
    await _at_full_speed(port, jobs // 10)
    speed, waits = await _at_full_speed(port, jobs)
    steady = await _steadily(port, jobs // 2)
    return {
        f"{store}: submit, jobs/s": speed,
        f"{store}: submit at full speed, p50 ms": percentile(waits, 0.5) * 1e3,
        f"{store}: submit at full speed, p99 ms": percentile(waits, 0.99) * 1e3,
        f"{store}: submit at {STEADY}/s, p50 ms": percentile(steady, 0.5) * 1e3,
        f"{store}: submit at {STEADY}/s, p99 ms": percentile(steady, 0.99) * 1e3,
    }


def measure(folder: Path, scale: float) -> dict[str, float]:
    jobs = int(20_000 * scale)
    with served_http(sqlite_url(folder)) as port:
        figures = under_uvloop(_measure, port, jobs, "sqlite")
    with served() as server, served_http(server.url()) as port:
        return figures | under_uvloop(_measure, port, jobs, "postgresql")
