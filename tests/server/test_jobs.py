"""Jobs over HTTP: submitted, read, listed, cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import httpx2
import pytest

from headrace import Headrace
from headrace.logs.fields import fields_of
from headrace.model.job import NewJob
from headrace.storage.jobs import Enqueued


async def submit(client: httpx2.AsyncClient, **job: object) -> httpx2.Response:
    return await client.post("/v1/jobs", json={"task": "mail.send", "args": {"to": "ada"}, **job})


async def test_a_submitted_job_can_be_read_where_its_location_says(client: httpx2.AsyncClient) -> None:
    answer = await submit(client, priority="high", tags=["eu"], delay="5m", meta={"source": "shop"})

    assert answer.status_code == 201, answer.text
    job = (await client.get(answer.headers["location"])).json()
    assert (job["id"], job["task"], job["queue"], job["state"]) == (
        answer.json()["id"],
        "mail.send",
        "mail",
        "scheduled",
    )
    assert (job["args"], job["priority"], job["tags"], job["meta"]) == ({"to": "ada"}, 7, ["eu"], {"source": "shop"})


async def test_arguments_may_stand_in_an_array(client: httpx2.AsyncClient) -> None:
    answer = await submit(client, args=["ada"])
    assert (await client.get(answer.headers["location"])).json()["args"] == {"to": "ada"}


@pytest.mark.parametrize("password", ["queued", "2026", "mail.send"])
async def test_a_job_is_shown_whatever_somebodys_password_is(client: httpx2.AsyncClient, password: str) -> None:
    answer = await submit(client, meta={"password": password}, tags=[f"of {password}"])

    job = (await client.get(answer.headers["location"])).json()

    assert (job["state"], job["task"], job["meta"]) == ("queued", "mail.send", {"password": "[redacted]"})
    assert job["tags"] == ["of [redacted]"]
    [listed] = (await client.get("/v1/jobs")).json()["items"]
    assert listed["state"] == "queued"


async def test_jobs_are_listed_newest_first_in_pages(client: httpx2.AsyncClient) -> None:
    ids = [(await submit(client)).json()["id"] for _ in range(5)]
    await submit(client, queue="other")

    first = (await client.get("/v1/jobs", params={"query": "queue:mail", "limit": 3})).json()
    rest = (await client.get("/v1/jobs", params={"query": "queue:mail", "cursor": first["next_cursor"]})).json()

    assert [job["id"] for job in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


async def test_a_job_that_waits_can_be_cancelled_once(client: httpx2.AsyncClient) -> None:
    job_id = (await submit(client)).json()["id"]

    first = await client.post(f"/v1/jobs/{job_id}/cancel", json={"reason": "moved away"})
    again = await client.post(f"/v1/jobs/{job_id}/cancel")

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert (again.status_code, again.json()["code"]) == (409, "HR-E0501")
    assert (await client.get(f"/v1/jobs/{job_id}")).json()["reason"] == "moved away"


async def test_a_repeated_idempotency_key_answers_the_first_job(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "order-7"}
    first = await client.post("/v1/jobs", json={"task": "mail.send", "args": ["ada"]}, headers=headers)
    again = await client.post("/v1/jobs", json={"task": "mail.send", "args": ["ada"]}, headers=headers)
    other = await client.post("/v1/jobs", json={"task": "mail.send", "args": ["bob"]}, headers=headers)

    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert other.json()["field"] == "idempotency_key"


async def test_fifty_requests_with_one_key_make_one_job(client: httpx2.AsyncClient, app: Headrace) -> None:
    answers = await asyncio.gather(*(submit(client, idempotency_key="order-8") for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(count.count for count in await app.counts()) == 1


@pytest.mark.parametrize(
    ("job", "field", "says"),
    [
        ({"task": "mail.sned"}, "task", "near names: mail.send"),
        ({"args": {"to": "ada", "too": "bob"}}, "args", "too"),
        ({"args": [5]}, "args", "to=5 does not fit"),
        ({"priority": 11}, "priority", "<= 9"),
        ({"delay": "5"}, "delay", "matching regex"),
        ({"delay": "1s", "run_at": "2030-01-01T00:00:00Z"}, "run_at", "not both"),
        ({"run_at": "2030-01-01T00:00:00"}, "run_at", "time zone"),
        ({"queues": "mail"}, "queues", "unknown field"),
        ({"queue": "no spaces"}, "queue", "not a queue name"),
    ],
)
async def test_a_wrong_job_is_refused_by_the_name_of_its_field(
    client: httpx2.AsyncClient, app: Headrace, job: dict[str, object], field: str | None, says: str
) -> None:
    answer = await submit(client, **job)

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert says in problem["detail"]
    assert problem.get("field") == field
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert await app.counts() == []


async def test_an_unknown_job_is_a_problem_with_404(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/jobs/019a0b0c-0d0e-7123-bfff-ffffffffffff")
    assert (answer.status_code, answer.json()["code"]) == (404, "HR-E0301")


async def test_the_id_of_a_request_is_that_of_its_jobs(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/jobs", json={"task": "mail.send", "args": ["ada"]}, headers={"X-Request-Id": "request-7"}
    )
    assert answer.headers["x-request-id"] == "request-7"
    assert (await client.get(answer.headers["location"])).json()["correlation_id"] == "request-7"


TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("given", "own", "kept"),
    [
        (TRACEPARENT, {}, {"traceparent": TRACEPARENT}),
        (TRACEPARENT, {"traceparent": "own", "order": 7}, {"traceparent": "own", "order": 7}),
        ("nonsense", {}, {}),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", {}, {}),
    ],
)
async def test_the_trace_of_a_request_goes_with_its_jobs(
    client: httpx2.AsyncClient, given: str, own: dict[str, object], kept: dict[str, object]
) -> None:
    job = {"task": "mail.send", "args": ["ada"], **({"meta": own} if own else {})}
    one = await client.post("/v1/jobs", json=job, headers={"traceparent": given})
    many = await client.post("/v1/jobs/batch", json={"jobs": [job]}, headers={"traceparent": given})
    for job_id in (one.json()["id"], many.json()["jobs"][0]["id"]):
        assert (await client.get(f"/v1/jobs/{job_id}")).json()["meta"] == kept


async def test_a_request_is_logged_with_its_duration_for_those_who_ask(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "headrace.server")
    await client.get("/v1/jobs", headers={"X-Request-Id": "request-8"})
    [record] = [each for each in caplog.records if "/v1/jobs" in each.getMessage()]
    fields = fields_of(record)
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/v1/jobs", 200)
    assert fields["duration_s"] > 0


async def test_requests_that_come_at_the_same_time_share_their_commits(
    client: httpx2.AsyncClient, app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    store = app.backend.jobs.enqueue_many

    async def counted(jobs: Sequence[NewJob]) -> list[Enqueued]:
        batches.append(len(jobs))
        await asyncio.sleep(0)  # a store of another kind would let go of the loop here
        return await store(jobs)

    monkeypatch.setattr(app.backend.jobs, "enqueue_many", counted)
    answers = await asyncio.gather(*(submit(client) for _ in range(50)))

    assert [answer.status_code for answer in answers] == [201] * 50
    assert sum(batches) == 50
    assert len(batches) <= 3
