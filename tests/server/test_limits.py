"""Limits over HTTP: who may see and change which, and what is said of a wrong one."""

from __future__ import annotations

import httpx2

from headrace import Headrace
from tests.server.test_jobs import submit


async def test_a_limit_is_set_shown_and_taken_away(client: httpx2.AsyncClient) -> None:
    await submit(client)
    made = (await client.put("/v1/limits", json={"target": "queue:mail", "concurrency": 3, "rate": "5/10s"})).json()
    assert (made["target"], made["concurrency"], made["rate"], made["waiting"]) == ("queue:mail", 3, "5/10s", 1)
    shown = (await client.get("/v1/limits/usage", params={"target": "queue:mail"})).json()
    assert (shown["in_use"], shown["tokens"], shown["holders"]) == (0, 5, [])
    assert [each["target"] for each in (await client.get("/v1/limits")).json()["items"]] == ["queue:mail"]

    gone = (await client.put("/v1/limits", json={"target": "queue:mail", "concurrency": None, "rate": None})).json()
    assert (gone["concurrency"], gone["rate"]) == (None, None)
    removed = await client.delete("/v1/limits", params={"target": "queue:mail"})
    assert removed.json() == {"target": "queue:mail", "removed": False}
    missing = await client.get("/v1/limits/usage", params={"target": "queue:mail"})
    assert (missing.status_code, missing.json()["field"]) == (404, "target")


async def test_a_key_is_exempted(client: httpx2.AsyncClient) -> None:
    await client.put("/v1/limits", json={"target": "keys:mail", "concurrency": 1})
    exempted = (await client.put("/v1/limits", json={"target": "key:mail:vip"})).json()
    assert (exempted["set_for"], exempted["concurrency"]) == ("key:mail:vip", None)
    other = (await client.get("/v1/limits/usage", params={"target": "key:mail:other"})).json()
    assert (other["set_for"], other["concurrency"]) == ("keys:mail", 1)


async def test_what_cannot_be_limited_says_what_can(client: httpx2.AsyncClient) -> None:
    for request, field in (
        ({"target": "mail", "concurrency": 1}, "target"),
        ({"target": "queue:mail", "concurrency": -1}, "concurrency"),
        ({"target": "queue:mail", "rate": "often"}, None),
        ({"target": "queue:mail"}, None),
    ):
        answer = await client.put("/v1/limits", json=request)
        assert (answer.status_code, answer.json().get("field")) == (422, field), request


async def test_who_is_for_some_queues_sees_and_changes_their_limits_alone(
    client: httpx2.AsyncClient, app: Headrace
) -> None:
    await app.limit("queue:mail", concurrency=1)
    await app.limit("queue:etl", concurrency=1)
    await app.limit("store", concurrency=9)
    made = await app.keys.create("mailer", scopes=["operate"], queues=["mail"])
    headers = {"authorization": f"Bearer {made.token}"}
    assert [each["target"] for each in (await client.get("/v1/limits", headers=headers)).json()["items"]] == [
        "queue:mail"
    ]
    for target, status in (
        ("queue:mail", 200),
        ("keys:mail", 200),
        ("queue:etl", 403),
        ("store", 403),
        ("task:x", 403),
    ):
        answer = await client.put("/v1/limits", json={"target": target, "concurrency": 2}, headers=headers)
        assert answer.status_code == status, target
