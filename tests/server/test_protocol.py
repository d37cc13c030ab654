"""The worker protocol: a program without our code is a worker like any other."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from headrace import Headrace, seconds
from headrace.model.ids import WorkerId
from headrace.model.lease import Claim
from headrace.server import create_app
from headrace.server.working import Bell, claim
from headrace.storage.jobs import ClaimRequest
from tests.server.support import until
from tests.server.test_jobs import submit

LEASE = seconds(30)


@pytest.fixture
async def worker(client: httpx2.AsyncClient) -> str:
    """The path of a registered worker."""
    offer = {
        "name": "shell.greet",
        "queue": "shell",
        "arguments": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    }
    made = await client.post("/v1/workers", json={"queues": {"mail": 2, "shell": 1}, "tasks": [offer]})
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


async def test_a_job_is_claimed_run_and_finished(client: httpx2.AsyncClient, worker: str) -> None:
    job_id = (await submit(client)).json()["id"]

    [claimed] = (await client.post(f"{worker}/claim")).json()["jobs"]
    assert (claimed["id"], claimed["task"], claimed["args"], claimed["attempt"]) == (
        job_id,
        "mail.send",
        {"to": "ada"},
        1,
    )
    lease = {"id": job_id, "token": claimed["token"]}
    told = {**lease, "progress": {"done": 1, "total": 2}, "logs": [{"message": "half way"}]}
    assert (await client.post(f"{worker}/report", json={"jobs": [told]})).json() == {"settled": ["applied"]}
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["progress"]["total"] == 2
    outcome = {"kind": "completed", "result": {"sent": True}}
    usage = {"cpu_s": 0.25, "peak_rss_bytes": 1 << 20}
    finish = {**lease, "outcome": outcome, "usage": usage}
    assert (await client.post(f"{worker}/finish", json={"jobs": [finish]})).json() == {"settled": ["applied"]}
    [attempt] = (await client.get(f"/v1/jobs/{job_id}/attempts")).json()["items"]
    assert {name: attempt[name] for name in usage} == usage
    result = (await client.get(f"/v1/jobs/{job_id}/result")).json()
    assert (result["state"], result["result"]) == ("succeeded", {"sent": True})
    assert (await client.get(f"/v1/jobs/{job_id}/logs")).json()["items"][0]["message"] == "half way"


async def test_a_lost_lease_changes_nothing(client: httpx2.AsyncClient, worker: str) -> None:
    job_id = (await submit(client)).json()["id"]
    [claimed] = (await client.post(f"{worker}/claim")).json()["jobs"]
    wrong = {"id": job_id, "token": "another"}

    beaten = (await client.post(f"{worker}/heartbeat", json={"leases": [wrong]})).json()
    finished = await client.post(f"{worker}/finish", json={"jobs": [{**wrong, "outcome": {"kind": "completed"}}]})

    assert beaten["leases"][0]["held"] is False
    assert finished.json() == {"settled": ["stale"]}
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["state"] == "running"
    held = {"leases": [{"id": job_id, "token": claimed["token"]}]}
    assert (await client.post(f"{worker}/heartbeat", json=held)).json()["leases"][0]["held"] is True


async def test_a_claim_waits_for_a_job(client: httpx2.AsyncClient, worker: str) -> None:
    waiting = asyncio.ensure_future(client.post(f"{worker}/claim", json={"wait": "30s"}))
    await asyncio.sleep(0)
    job_id = (await submit(client)).json()["id"]

    assert [job["id"] for job in (await waiting).json()["jobs"]] == [job_id]


async def test_a_failed_job_is_retried_later_unless_the_worker_says_otherwise(
    client: httpx2.AsyncClient, worker: str
) -> None:
    async def fail(**how: object) -> dict[str, object]:
        job_id = (await submit(client)).json()["id"]
        [claimed] = (await client.post(f"{worker}/claim", json={"queues": {"mail": 1}})).json()["jobs"]
        outcome = {"kind": "failed", "error": {"type": "Bounce", "message": "no such box"}, **how}
        finish = {"jobs": [{"id": job_id, "token": claimed["token"], "outcome": outcome}]}
        assert (await client.post(f"{worker}/finish", json=finish)).json() == {"settled": ["applied"]}
        found: dict[str, object] = (await client.get(f"/v1/jobs/{job_id}")).json()
        return found

    assert (await fail())["state"] == "scheduled"
    assert (await fail(retry_in="1h"))["state"] == "scheduled"
    assert (await fail(retry_in=None))["state"] == "dead"


async def test_a_task_that_a_worker_offers_can_be_submitted(client: httpx2.AsyncClient, worker: str) -> None:
    wrong = await client.post("/v1/jobs", json={"task": "shell.greet", "args": {"name": 5}})
    near = await client.post("/v1/jobs", json={"task": "shell.gret", "args": {}})
    right = await client.post("/v1/jobs", json={"task": "shell.greet", "args": ["Ada"]})

    assert (wrong.status_code, wrong.json()["detail"]) == (422, "shell.greet: name is string; got 5")
    assert "near names: shell.greet" in near.json()["detail"]
    assert right.status_code == 201, right.text
    [claimed] = (await client.post(f"{worker}/claim", json={"queues": {"shell": 1}})).json()["jobs"]
    assert (claimed["queue"], claimed["args"]) == ("shell", {"name": "Ada"})


async def test_a_worker_hears_of_cancellations_and_orders(client: httpx2.AsyncClient, worker: str) -> None:
    job_id = (await submit(client)).json()["id"]
    [claimed] = (await client.post(f"{worker}/claim")).json()["jobs"]
    await client.post(f"/v1/jobs/{job_id}/cancel", json={"reason": "too late"})
    await client.post(f"{worker}/quiet")

    beaten = (
        await client.post(f"{worker}/heartbeat", json={"leases": [{"id": job_id, "token": claimed["token"]}]})
    ).json()

    assert (beaten["leases"][0]["cancel_reason"], beaten["order"]) == ("too late", "quiet")
    assert (await client.post(f"{worker}/claim", json={"wait": "30s"})).json() == {"jobs": [], "order": "quiet"}
    await client.post(f"{worker}/work")
    assert (await client.post(f"{worker}/claim")).json()["order"] == "work"


async def test_a_worker_is_listed_until_it_leaves(client: httpx2.AsyncClient, worker: str) -> None:
    [listed] = (await client.get("/v1/workers")).json()["items"]
    assert (worker.rpartition("/")[2], listed["tasks"]) == (listed["id"], ["shell.greet"])
    assert (await client.delete(worker)).status_code == 200
    assert (await client.post(f"{worker}/claim")).status_code == 404


async def test_a_python_worker_is_quiet_and_works_again_as_it_is_told(
    client: httpx2.AsyncClient, app: Headrace
) -> None:
    async with app.worker(queues=["mail"]) as running:
        await client.post(f"/v1/workers/{running.id}/quiet")
        await until(client, f"/v1/workers/{running.id}", lambda found: found["order"] == "quiet")
        job_id = (await submit(client)).json()["id"]
        held = await client.get(f"/v1/jobs/{job_id}/result", params={"wait": "200ms"})
        await client.post(f"/v1/workers/{running.id}/work")
        done = await client.get(f"/v1/jobs/{job_id}/result", params={"wait": "30s"})

        assert (held.json()["state"], done.json()["state"]) == ("queued", "succeeded")
        await client.post(f"/v1/workers/{running.id}/stop")
        await running.wait()
    assert (await client.get("/v1/workers")).json() == {"items": []}


async def test_a_worker_that_goes_away_while_it_claims_loses_no_attempt(
    client: httpx2.AsyncClient, app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = (await submit(client)).json()["id"]
    claimed, go_on = asyncio.Event(), asyncio.Event()
    store = app.backend.jobs.claim

    async def slowly(request: ClaimRequest) -> list[Claim]:
        claims = await store(request)
        claimed.set()
        await go_on.wait()
        return claims

    monkeypatch.setattr(app.backend.jobs, "claim", slowly)
    demand, worker = {"mail": 1}, WorkerId("w-1")
    waits = claim(app.backend, Bell(app.backend), worker, demand, lease=LEASE, wait=30.0, closing=asyncio.Event())
    claiming = asyncio.ensure_future(waits)
    await claimed.wait()
    claiming.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await claiming

    job = (await client.get(f"/v1/jobs/{job_id}")).json()
    assert (job["state"], job["attempt"], job["claims"]) == ("queued", 0, 1)


async def test_a_request_that_waits_ends_when_its_caller_goes_away(app: Headrace) -> None:
    service, sent = create_app(app), list[object]()
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    async with app:
        handle = await app.find_task("mail.send").enqueue("ada")
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/v1/jobs/{handle.id}/result",
            "query_string": b"wait=60s",
            "headers": [],
        }
        await service(scope, receive, send)
    assert sent == []
