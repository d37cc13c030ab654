"""headrace: every read route with a million jobs in the store, one request after another, on SQLite and PostgreSQL.

Half of the jobs wait in ten queues; the others have run, and a thousand of them failed.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app_at, percentile, sqlite_url, until_drained
from benchmarks.cases.http_common import Connection, served_http, timed
from benchmarks.cases.postgres_common import served, under_uvloop

JOBS = 1_000_000
ASKED = 100
PART = 50_000


async def _fill(url: str, jobs: int) -> None:
    app, noop = make_app_at(url)

    @app.task(name="fails", max_attempts=1)
    async def fails(number: int) -> None:
        raise ValueError(f"no {number % 7}")

    async with app:
        for start in range(0, jobs // 2, PART):
            calls = [noop.call(number, TEXT) for number in range(start, min(start + PART, jobs // 2))]
            await app.enqueue_many(calls)
        await app.enqueue_many([fails.call(number) for number in range(min(1_000, jobs // 4))])
        async with app.worker(queues={"default": 500}):
            await until_drained(app, every_s=0.1)
        for queue in range(10):
            task = noop.options(queue=f"q{queue}", tags=(f"tag-{queue}",))
            await app.enqueue_many([task.call(number, TEXT) for number in range(jobs // 20)])


async def _ids(port: int) -> list[str]:
    connection = await Connection.open(port)
    ids = [await _first(connection, search) for search in ("state:dead", "state:succeeded", "queue:q3")]
    connection.close()
    return ids


async def _first(connection: Connection, search: str) -> str:
    """The first job that a search finds; pages that ended before they came to one say where to go on."""
    more = ""
    while True:
        _, body = await connection.ask("GET", f"/v1/jobs?query={search}&limit=1{more}")
        page = json.loads(body)
        if page["items"]:
            return str(page["items"][0]["id"])
        more = f"&cursor={page['next_cursor']}"


async def _measure(port: int, store: str) -> dict[str, float]:
    dead, succeeded, queued = await _ids(port)
    routes = {
        "get": f"/v1/jobs/{queued}",
        "result": f"/v1/jobs/{succeeded}/result",
        "attempts": f"/v1/jobs/{dead}/attempts",
        "logs": f"/v1/jobs/{dead}/logs",
        "explain": f"/v1/jobs/{queued}/explain",
        "list newest": "/v1/jobs",
        "list dead": "/v1/jobs?query=state:dead",
        "list a queue": "/v1/jobs?query=queue:q3",
        "list a tag": "/v1/jobs?query=tag:tag-7",
        "list by an argument": "/v1/jobs?query=args.number:4321",
        "errors": "/v1/errors",
        "queues": "/v1/queues",
        "queue": "/v1/queues/q3",
        "tasks": "/v1/tasks",
        "schedules": "/v1/schedules",
        "workers": "/v1/workers",
        "store": "/v1/store",
        "metrics": "/metrics",
        "ready": "/health/ready",
    }
    connection = await Connection.open(port)
    figures: dict[str, float] = {}
    for name, path in routes.items():
        waits = [await timed(connection, "GET", path) for _ in range(ASKED)]
        figures[f"{store}: {name}, p99 ms"] = percentile(waits, 0.99) * 1e3
    connection.close()
    figures[f"{store}: slowest route, p99 ms"] = max(figures.values())
    return figures


def measure(folder: Path, scale: float) -> dict[str, float]:
    jobs = int(JOBS * scale)
    url = sqlite_url(folder)
    asyncio.run(_fill(url, jobs))
    with served_http(url) as port:
        figures = under_uvloop(_measure, port, "sqlite")
    with served() as server:
        under_uvloop(_fill, server.url(), jobs)
        with served_http(server.url()) as port:
            return figures | under_uvloop(_measure, port, "postgresql")
