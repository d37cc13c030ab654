"""headrace: from a submit over HTTP to the start of the job in a worker that claims over HTTP, at 100 jobs a second."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from benchmarks.cases.common import percentile, sqlite_url
from benchmarks.cases.http_common import Connection, served_http
from benchmarks.cases.postgres_common import served, under_uvloop

RATE = 100


async def _work(port: int, jobs: int, waits: list[float]) -> None:
    connection = await Connection.open(port)
    _, body = await connection.ask("POST", "/v1/workers", b'{"queues": {"default": 10}}')
    worker = json.loads(body)["id"]
    while len(waits) < jobs:
        _, body = await connection.ask("POST", f"/v1/workers/{worker}/claim", b'{"wait": "5s"}')
        now = time.monotonic()
        claimed = json.loads(body)["jobs"]
        waits += [now - float(job["args"]["text"]) for job in claimed]
        ended = [{"id": job["id"], "token": job["token"], "outcome": {"kind": "completed"}} for job in claimed]
        if ended:
            await connection.ask("POST", f"/v1/workers/{worker}/finish", json.dumps({"jobs": ended}).encode())
    connection.close()


async def _measure(port: int, jobs: int, store: str) -> dict[str, float]:
    waits: list[float] = []
    working = asyncio.create_task(_work(port, jobs, waits))
    await asyncio.sleep(0.5)
    connection = await Connection.open(port)
    begun = time.monotonic()
    for number in range(jobs):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        body = {"task": "noop", "args": {"number": number, "text": str(time.monotonic())}}
        await connection.ask("POST", "/v1/jobs", json.dumps(body).encode())
    await working
    connection.close()
    return {f"{store}: submit to start, p{share * 100:.0f} ms": percentile(waits, share) * 1e3 for share in (0.5, 0.99)}


def measure(folder: Path, scale: float) -> dict[str, float]:
    jobs = int(1_000 * scale)
    with served_http(sqlite_url(folder)) as port:
        figures = under_uvloop(_measure, port, jobs, "sqlite")
    with served() as server, served_http(server.url()) as port:
        return figures | under_uvloop(_measure, port, jobs, "postgresql")
