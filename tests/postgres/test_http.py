"""The HTTP service while PostgreSQL stops and comes back: what is told, and that nobody has to restart it."""

from __future__ import annotations

import asyncio
import time

import httpx2

from tests.postgres.conftest import make_schema
from tests.postgres.server import Server
from tests.server.live import LiveServer
from tests.transports.tasks import make_app

PATIENCE_S = 60.0
JOB = {"task": "greet", "args": ["Ada"]}


def until_ready_is(client: httpx2.Client, status: int) -> httpx2.Response:
    """The answer, once it is that; it is asked again and again, as a probe does."""
    over = time.monotonic() + PATIENCE_S
    while (answer := client.get("/health/ready")).status_code != status:
        assert time.monotonic() < over, answer.text
    return answer


def test_it_is_not_ready_while_the_store_is_away_and_works_again_by_itself() -> None:
    with Server() as server:
        asyncio.run(make_schema(server.url()))
        with (
            LiveServer(make_app(server.url())) as live,
            httpx2.Client(base_url=live.url, timeout=PATIENCE_S) as client,
        ):
            assert client.get("/health/ready").status_code == 200
            first = client.post("/v1/jobs", json=JOB).json()["id"]

            server.stop()
            answer = until_ready_is(client, 503)
            assert (answer.json()["ok"], len(answer.json()["problems"])) == (False, 1)
            assert client.get("/health/live").status_code == 200
            refused = client.post("/v1/jobs", json=JOB)
            assert (refused.status_code, refused.json()["retryable"]) == (503, True)
            assert refused.headers["retry-after"] == "1"
            assert client.get(f"/v1/jobs/{first}").status_code == 503

            server.start()
            until_ready_is(client, 200)
            second = client.post("/v1/jobs", json=JOB).json()["id"]
            assert [each["id"] for each in client.get("/v1/jobs").json()["items"]] == [second, first]
