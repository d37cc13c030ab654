"""The command ``headrace server`` in a process of its own, called over a real connection."""

from __future__ import annotations

import asyncio
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from headrace import Headrace
from headrace.client import Client
from headrace.model.ids import JobId
from tests.cli.conftest import folder, spawn, url  # noqa: F401 (fixtures)
from tests.cli.support import Process, Spawn


def address(server: Process) -> str:
    found = re.search(r"http://\S+?(?=;)", server.wait_for("is ready"))
    assert found
    return found.group()


def test_a_job_that_was_submitted_over_http_is_run_by_a_worker(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server = spawn("server", "sample:app", "--port", "0")
    worker = spawn("worker", "sample:app")
    with httpx2.Client(base_url=address(server)) as client:
        worker.wait_for("is ready")
        job = client.post("/v1/jobs", json={"task": "greet", "args": {"name": "Ada"}}).json()
        assert client.get("/health/ready").json() == {"ok": True, "problems": []}
        assert client.get(f"/v1/jobs/{job['id']}").status_code == 200
    assert server.stop(signal.SIGTERM) == 0


def test_with_a_key_others_may_reach_it_and_nobody_without(folder: Path, spawn: Spawn, url: str) -> None:  # noqa: F811
    async def make_key() -> str:
        async with Headrace(url) as app:
            return (await app.keys.create("shop", scopes=["read"])).token

    token = asyncio.run(make_key())
    server = spawn("server", "sample:app", "--host", "0.0.0.0", "--port", "0")
    with httpx2.Client(base_url=address(server).replace("0.0.0.0", "127.0.0.1")) as client:
        assert client.get("/v1/jobs").status_code == 401
        assert client.get("/v1/jobs", headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert client.get("/health/live").status_code == 200
    assert server.stop(signal.SIGTERM) == 0


def test_it_refuses_to_be_reached_by_others_without_a_token(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server = spawn("server", "sample:app", "--host", "0.0.0.0", "--port", "0")

    assert server.process.wait(30) == 2
    assert server.process.stderr is not None
    assert "HEADRACE_SERVER_TOKEN" in server.process.stderr.read()


def test_a_server_that_is_told_to_stop_answers_what_is_in_flight(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server = spawn("server", "sample:app", "--port", "0")
    with httpx2.Client(base_url=address(server), timeout=30) as client, ThreadPoolExecutor() as pool:
        job = client.post("/v1/jobs", json={"task": "greet", "args": ["Ada"]}).json()
        waiting = pool.submit(client.post, "/v1/queues/mail/drain", json={"wait": "30s"})
        # By when this has waited its time, the other request waits too.
        while client.get(f"/v1/jobs/{job['id']}/result", params={"wait": "200ms"}).status_code != 202:
            continue
        assert server.stop(signal.SIGTERM) == 0

        answer = waiting.result()
        assert (answer.status_code, answer.json()["empty"]) == (200, False)


def test_a_port_that_is_taken_is_said(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    port = address(spawn("server", "sample:app", "--port", "0")).rpartition(":")[2]
    second = spawn("server", "sample:app", "--port", port)

    assert second.process.wait(30) == 2
    assert second.process.stderr is not None
    assert f"cannot listen on 127.0.0.1:{port}" in second.process.stderr.read()


def test_a_stream_of_events_comes_as_it_happens_and_ends_when_the_server_stops(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server = spawn("server", "sample:app", "--port", "0")
    with httpx2.Client(base_url=address(server)) as client, client.stream("GET", "/v1/events?kind=enqueued") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        job = client.post("/v1/jobs", json={"task": "greet", "args": {"name": "Ada"}}).json()
        assert job["id"] in next(line for line in lines if line.startswith("data: "))
        server.process.send_signal(signal.SIGTERM)
        assert not any(line.startswith("event: ") for line in lines)  # the end of the stream, in peace
    assert server.process.wait(30) == 0


CONNECTIONS = 32
ACKNOWLEDGED = 400


async def submit_until_it_ends(base_url: str, enough: asyncio.Event) -> list[str]:
    """Submit on many connections at once; the ids that were answered with 201 when the server let all of them go."""
    ids: list[str] = []

    async def submit() -> None:
        async with httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
            while True:
                try:
                    answer = await client.post("/v1/jobs", json={"task": "greet", "args": ["Ada"]})
                except httpx2.TransportError:
                    return
                assert answer.status_code == 201, answer.text
                ids.append(answer.json()["id"])
                if len(ids) == ACKNOWLEDGED:
                    enough.set()

    await asyncio.gather(*(submit() for _ in range(CONNECTIONS)))
    return ids


async def test_a_server_that_is_told_to_stop_under_load_loses_nothing_it_has_acknowledged(
    folder: Path,  # noqa: F811
    spawn: Spawn,  # noqa: F811
    url: str,  # noqa: F811
) -> None:
    server = spawn("server", "sample:app", "--port", "0")
    enough = asyncio.Event()
    submitting = asyncio.create_task(submit_until_it_ends(address(server), enough))
    await asyncio.wait_for(enough.wait(), 60)
    server.process.send_signal(signal.SIGTERM)
    ids = await submitting
    assert await asyncio.to_thread(server.process.wait, 60) == 0

    assert len(set(ids)) == len(ids) >= ACKNOWLEDGED
    async with Headrace(url) as app:
        found = await app.backend.reader.get_many(list(map(JobId, ids)))
    assert [job.id for job in found if job is not None] == ids


def test_what_it_logs_is_changed_while_it_runs(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server = spawn("server", "sample:app", "--port", "0")
    with httpx2.Client(base_url=address(server)) as client:
        assert client.get("/v1/queues").status_code == 200
        assert client.get("/v1/log-levels").json()["levels"].startswith("info")
        wrong = client.put("/v1/log-levels", json={"levels": "headrace.server=loud"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "HR-E0215")
        told = client.put("/v1/log-levels", json={"levels": "headrace.server=debug"})
        assert "headrace.server=debug" in told.json()["levels"]
        assert client.get("/v1/workers").status_code == 200

    assert "/v1/queues" not in server.wait_for("GET /v1/")
    assert server.stop(signal.SIGTERM) == 0


def test_a_worker_logs_what_is_asked_of_the_server(folder: Path, spawn: Spawn) -> None:  # noqa: F811
    server, worker = spawn("server", "sample:app", "--port", "0"), spawn("worker", "sample:app")
    with Client(address(server)) as client:
        worker.wait_for("is ready")
        [listed] = client.workers()
        client.set_worker_log(listed.id, "debug")
        worker.wait_for("told to log debug")
        assert client.set_log_levels("warning").startswith("warning")
        assert client.log_levels().startswith("warning")
    assert worker.stop(signal.SIGTERM) == server.stop(signal.SIGTERM) == 0
