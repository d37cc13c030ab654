"""Queues, tasks, schedules and the store over HTTP."""

from __future__ import annotations

import asyncio

import httpx2

from headrace import Headrace
from headrace.model.json_schema import property_names
from tests.server.support import until
from tests.server.test_jobs import submit


async def test_a_queue_is_shown_limited_paused_and_resumed(client: httpx2.AsyncClient) -> None:
    await submit(client)
    configured = await client.patch("/v1/queues/mail", json={"concurrency": 5, "rate": "100/s", "fair": True})
    paused = await client.post("/v1/queues/mail/pause", json={"reason": "the relay is down"})
    resumed = await client.post("/v1/queues/mail/resume")

    queue = configured.json()
    assert (queue["concurrency"], queue["rate"], queue["fair"], queue["counts"]["queued"]) == (5, "100/s", True, 1)
    assert (paused.json()["paused"], paused.json()["pause_reason"]) == (True, "the relay is down")
    assert resumed.json()["paused"] is False
    assert [each["name"] for each in (await client.get("/v1/queues")).json()["items"]] == ["mail"]
    assert (await client.get("/v1/queues/mail")).json()["pace"]["enqueued"] == 1


async def test_a_misspelt_queue_is_not_paused(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/queues/mial/pause")
    assert (answer.status_code, answer.json()["field"]) == (404, "queue")


async def test_a_queue_is_drained_once_its_jobs_are_done(client: httpx2.AsyncClient, app: Headrace) -> None:
    await submit(client)
    assert (await client.post("/v1/queues/mail/drain")).json() == {
        "queue": "mail",
        "empty": False,
        "counts": {"queued": 1},
    }
    waiting = asyncio.ensure_future(client.post("/v1/queues/mail/drain", json={"wait": "30s"}))
    async with app.worker(queues=["mail"]):
        assert (await waiting).json()["empty"] is True


async def test_a_purge_deletes_what_waits(client: httpx2.AsyncClient, app: Headrace) -> None:
    for _ in range(3):
        await submit(client)
    await submit(client, queue="other")

    begun = await client.post("/v1/queues/mail/purge")

    await until(client, begun.headers["location"], lambda found: found["state"] == "done")
    assert [(count.queue, count.count) for count in await app.counts()] == [("other", 1)]


async def test_tasks_are_listed_with_the_schemas_of_their_arguments(client: httpx2.AsyncClient) -> None:
    assert [each["name"] for each in (await client.get("/v1/tasks")).json()["items"]] == ["mail.lose", "mail.send"]
    task = (await client.get("/v1/tasks/mail.send")).json()
    assert (task["queue"], task["here"]) == ("mail", True)
    assert property_names(task["arguments"]) == ["to", "subject", "urgent"]
    assert "near names: mail.send" in (await client.get("/v1/tasks/mail.sent")).json()["detail"]


async def test_a_schedule_lives_over_http(client: httpx2.AsyncClient) -> None:
    path = "/v1/schedules/morning"
    made = await client.post(
        path, json={"cron": "every weekday at 9:00", "timezone": "Europe/Paris", "task": "mail.send", "args": ["ada"]}
    )
    assert made.status_code == 201, made.text
    assert (made.json()["cron"], made.json()["args"], made.json()["queue"]) == (
        "0 9 * * MON-FRI",
        {"to": "ada"},
        "mail",
    )

    assert len((await client.get(f"{path}/next", params={"count": 3})).json()["items"]) == 3
    assert (await client.patch(path, json={"every": "10m"})).json()["every_s"] == 600
    assert (await client.post(f"{path}/pause", json={"reason": "holidays"})).json()["paused"] is True
    assert (await client.post(f"{path}/resume")).json()["paused"] is False
    job_id = (await client.post(f"{path}/trigger")).json()["job_id"]
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["task"] == "mail.send"
    assert len((await client.post(f"{path}/skip")).json()["instants"]) == 1
    assert (await client.get(f"{path}/history")).json()["items"][0]["outcome"] in ("skipped", "fired")
    past = {"start": "2025-01-01T00:00:00Z", "end": "2025-01-01T01:00:00Z", "dry_run": True}
    assert len((await client.post(f"{path}/backfill", json=past)).json()["instants"]) == 6
    assert [each["name"] for each in (await client.get("/v1/schedules")).json()["items"]] == ["morning"]
    assert (await client.delete(path)).status_code == 200
    assert (await client.get(path)).status_code == 404


async def test_a_schedule_needs_one_rule(client: httpx2.AsyncClient) -> None:
    body = {"task": "mail.send", "args": ["ada"]}
    neither = await client.post("/v1/schedules/x", json=body)
    both = await client.post("/v1/schedules/x", json={**body, "cron": "@daily", "every": "1h"})
    assert (neither.status_code, both.status_code) == (422, 422)


async def test_the_store_tells_how_it_is(client: httpx2.AsyncClient) -> None:
    await submit(client)
    store = (await client.get("/v1/store")).json()
    assert (store["ok"], store["counts"], store["url"]) == (True, {"queued": 1}, "memory://")
