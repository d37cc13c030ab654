"""Probes and figures."""

from __future__ import annotations

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from headrace import Headrace
from headrace.errors import Unavailable
from headrace.server import ServerSettings, create_app
from headrace.storage.backend import Health
from tests.promlint import problems
from tests.server.conftest import MAIN
from tests.server.test_jobs import submit


async def test_a_server_whose_store_is_away_lives_and_is_not_ready(
    client: httpx2.AsyncClient, app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await client.get("/health/ready")).json() == {"ok": True, "problems": []}

    async def away() -> Health:
        raise Unavailable("the store is away")

    monkeypatch.setattr(app.backend, "health", away)
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["problems"]) == (503, ["the store cannot be opened: the store is away"])
    assert (await client.get("/health/live")).status_code == 200


async def test_a_request_to_a_store_that_is_away_may_be_sent_again(
    client: httpx2.AsyncClient, app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the store is away")

    monkeypatch.setattr(app.backend.jobs, "enqueue_many", away)
    answer = await submit(client)
    assert (answer.status_code, answer.json()["retryable"], answer.headers["retry-after"]) == (503, True, "1")


async def test_a_server_that_is_about_to_stop_is_not_ready_and_lets_waiters_go(app: Headrace) -> None:
    service = create_app(app)
    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(service), base_url=MAIN) as client:
        job_id = (await submit(client)).json()["id"]
        service.state.closing.set()
        assert (await client.get("/health/ready")).status_code == 503
        waited = await client.get(f"/v1/jobs/{job_id}/result", params={"wait": "60s"})
        assert waited.status_code == 202


async def test_the_metrics_are_what_prometheus_reads(client: httpx2.AsyncClient) -> None:
    await submit(client)
    await submit(client, priority=11)

    text = (await client.get("/metrics")).text

    assert problems(text) == []
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["headrace_queue_jobs", ("queue", "mail"), ("state", "queued")] == 1
    assert samples["headrace_jobs_enqueued_total", ("queue", "mail"), ("task", "mail.send")] == 1
    count = "headrace_http_request_seconds_count"
    assert samples[count, ("operation", "jobs.submit"), ("status", "201")] == 1
    assert samples[count, ("operation", "jobs.submit"), ("status", "422")] == 1
    assert samples["headrace_store_up",] == 1
    assert any(name[0] == "headrace_queue_oldest_seconds" for name in samples)


async def test_with_a_token_the_metrics_are_not_for_everybody(app: Headrace) -> None:
    service = create_app(app, ServerSettings(token="correct-horse-battery-staple"))
    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(service), base_url=MAIN) as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/health/live")).status_code == 200
        known = {"Authorization": "Bearer correct-horse-battery-staple"}
        assert (await client.get("/metrics", headers=known)).status_code == 200


async def test_large_answers_are_compressed_for_who_takes_it(client: httpx2.AsyncClient) -> None:
    for _ in range(10):
        await submit(client)
    assert (await client.get("/v1/jobs")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("/v1/jobs", headers={"Accept-Encoding": "identity"})).headers
