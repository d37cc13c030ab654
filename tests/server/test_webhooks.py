"""Webhooks over HTTP."""

from __future__ import annotations

import httpx2
import pytest

from headrace import Headrace
from headrace.server import Principal, create_app
from headrace.wire.scopes import Scope
from tests.server.conftest import MAIN
from tests.webhooks.receiver import receiving


async def add(client: httpx2.AsyncClient, **more: object) -> httpx2.Response:
    return await client.post("/v1/webhooks", json={"url": "https://example.com/hooks", **more})


async def test_a_webhook_is_added_and_shown_without_its_secret(client: httpx2.AsyncClient) -> None:
    made = await add(client, kinds=["job.dead"], queues=["mail"], description="the mail team")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    shown = await client.get(made.headers["location"])
    assert (shown.json()["kinds"], shown.json()["queues"], shown.json()["active"]) == (["job.dead"], ["mail"], True)
    assert secret not in shown.text + (await client.get("/v1/webhooks")).text


async def test_a_webhook_is_paused_resumed_rotated_and_removed(client: httpx2.AsyncClient) -> None:
    made = (await add(client)).json()
    place = f"/v1/webhooks/{made['id']}"
    paused = (await client.post(f"{place}/pause", json={"reason": "it moves"})).json()
    assert (paused["active"], paused["reason"]) == (False, "it moves")
    assert (await client.post(f"{place}/resume")).json()["active"] is True
    rotated = (await client.post(f"{place}/rotate", json={"overlap": "1h"})).json()
    assert rotated["secret"] not in (made["secret"], None)
    assert rotated["previous_secret_until"] is not None
    assert (await client.get(f"{place}/deliveries")).json()["items"] == []
    assert (await client.delete(place)).status_code == 200
    gone = await client.get(place)
    assert (gone.status_code, gone.json()["code"]) == (404, "HR-E0306")


async def test_what_the_receiver_answers_to_a_test_is_told(app: Headrace, client: httpx2.AsyncClient) -> None:
    async with receiving(204, 500) as receiver:
        made = (await add(client, url=receiver.url)).json()
        refused = await client.post(f"/v1/webhooks/{made['id']}/test")
        assert (refused.status_code, "no public address" in refused.json()["detail"]) == (422, True)
        assert receiver.requests == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"kinds": ["job.died"]}, "kinds[0]"),
        ({"secret": "short"}, "secret"),
        ({"color": "red"}, "color"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused_by_its_field(
    client: httpx2.AsyncClient, request_: dict[str, object], field: str
) -> None:
    answer = await add(client, **request_)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_caller_with_queues_of_its_own_gets_webhooks_of_those_alone(app: Headrace) -> None:
    class Mailer:
        async def authenticate(self, headers: object) -> Principal:
            scopes = frozenset({Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE})
            return Principal(name="mailer", scopes=scopes, queues=("mail.*",))

    transport = httpx2.ASGITransport(create_app(app, authenticator=Mailer()))
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        other = await app.webhooks.add("https://example.com")
        assert (await add(client)).status_code == 403
        assert (await add(client, queues=["mail.eu", "secret"])).status_code == 403
        assert (await add(client, queues=["mail.eu"])).status_code == 201
        assert len((await client.get("/v1/webhooks")).json()["items"]) == 1
        assert (await client.get(f"/v1/webhooks/{other.id}")).status_code == 403


async def test_a_field_without_a_name_is_refused_like_any_other(client: httpx2.AsyncClient) -> None:
    answer = await add(client, **{"": 1})
    assert (answer.status_code, "unknown field" in answer.json()["detail"]) == (422, True)
