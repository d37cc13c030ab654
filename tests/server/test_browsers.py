"""What a foreign page makes a browser send changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from headrace import Headrace
from headrace.server import ServerSettings, create_app
from tests.server.conftest import MAIN
from tests.server.test_jobs import submit

OTHER = {"Origin": "https://evil.example"}


async def test_a_foreign_page_may_change_nothing(client: httpx2.AsyncClient, app: Headrace) -> None:
    await submit(client)
    refused = await client.post("/v1/queues/mail/purge", headers=OTHER)
    own = await client.post("/v1/queues/mail/pause", headers={"Origin": MAIN})

    assert (refused.status_code, refused.json()["code"]) == (403, "HR-E0413")
    assert own.status_code == 200
    assert (await app.counts())[0].count == 1


async def test_a_form_of_a_foreign_page_is_no_request(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/jobs", data={"task": "mail.send"})
    assert answer.status_code == 415


@pytest.fixture
async def let_in(app: Headrace) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that lets one origin in."""
    settings = ServerSettings(cors_origins="https://shop.example")
    transport = httpx2.ASGITransport(create_app(app, settings))
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        yield client


async def test_an_origin_that_is_named_may_call(let_in: httpx2.AsyncClient) -> None:
    shop = {"Origin": "https://shop.example"}
    asked = await let_in.options("/v1/jobs", headers={**shop, "Access-Control-Request-Method": "POST"})
    made = await let_in.post("/v1/jobs", json={"task": "mail.send", "args": ["ada"]}, headers=shop)
    refused = await let_in.post("/v1/jobs", json={"task": "mail.send", "args": ["ada"]}, headers=OTHER)

    assert asked.headers["access-control-allow-origin"] == "https://shop.example"
    assert made.status_code == 201
    assert made.headers["access-control-allow-origin"] == "https://shop.example"
    assert "x-request-id" in made.headers["access-control-expose-headers"]
    assert refused.status_code == 403


async def test_a_server_for_this_machine_answers_to_its_names_alone(app: Headrace) -> None:
    service = create_app(app)
    service.guard.local_only = True
    transport = httpx2.ASGITransport(service)
    async with app, httpx2.AsyncClient(transport=transport, base_url="http://rebound.example:8080") as client:
        assert (await client.get("/v1/jobs")).status_code == 403
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/v1/jobs", headers={"Host": "localhost:8080"})).status_code == 200
