"""Whatever is sent, it is a 4xx that says what is wrong, and nothing is half done."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from headrace import Headrace
from headrace.server import ServerSettings, create_app
from tests.server.conftest import MAIN

JSON = {"content-type": "application/json"}
JOB = b'{"task":"mail.send","args":["ada"]}'


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (b"{", 400, "HR-E0280", "JSON"),
        (b'{"task":', 400, "HR-E0280", "truncated"),
        (b'{"task":"mail.send","args":["\xff\xfe"]}', 400, "HR-E0280", "UTF-8"),
        (b'{"task":"mail.send","args":["\\ud800"]}', 400, "HR-E0280", "JSON"),
        (b"[" * 10_000 + b"]" * 10_000, 400, "HR-E0284", "nested"),
        (b'{"task":"mail.send","args":' + b"[" * 101 + b"]" * 101 + b"}", 400, "HR-E0284", "nested"),
        (b"[]", 422, "HR-E0281", "object"),
        (b"", 422, "HR-E0281", "task"),
        (b"{}", 422, "HR-E0281", "task"),
        (
            b'{"task":"mail.send","args":["a"],"delay":"740555804959s"}',
            422,
            "HR-E0215",
            "longer than a hundred years",
        ),
        (b'{"task":5}', 422, "HR-E0281", "Expected `str`"),
        (b'{"task":"mail.send\\u0000"}', 422, "HR-E0281", "regex"),
        (b'{"task":"mail.send","args":["a"],"tags":["\\u0000"]}', 422, "HR-E0215", "tags"),
        (b'{"task":"mail.send","args":["a"],"priority":99999999999999999999999}', 422, "HR-E0281", "priority"),
        (b'{"task":"mail.send","args":["a"],"run_at":"0001-01-01T00:00:00+14:00"}', 422, "HR-E0215", "UTC"),
        (b'{"task":"mail.send","args":["a"],"delay":"999999999999w"}', 422, "HR-E0215", "delay"),
        (b'{"task":"mail.send","args":["a"],"job_id":"7"}', 422, "HR-E0215", "UUID"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else None,
)
async def test_a_body_that_cannot_be_taken_is_refused(
    client: httpx2.AsyncClient, app: Headrace, body: bytes, status: int, code: str, says: str
) -> None:
    answer = await client.post("/v1/jobs", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert says in answer.json()["detail"]
    assert await app.counts() == []


async def test_another_kind_of_body_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/jobs", content=JOB, headers={"content-type": "text/xml"})
    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Type")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/jobs?limit=0", 422),
        ("/v1/jobs?limit=ten", 422),
        ("/v1/jobs?limit=1&limit=2", 422),
        ("/v1/jobs?lmit=1", 422),
        ("/v1/jobs?query=state%3Aded", 422),
        ("/v1/jobs?query=%FF", 400),
        ("/v1/jobs?cursor=nonsense", 422),
        ("/v1/jobs/nonsense", 404),
        ("/v1/jobs/%00", 404),
        ("/v1/nothing", 404),
        ("/v1/jobs/", 404),
        ("/v1/queues/none", 404),
        ("/v1/schedules/none", 404),
        ("/v1/operations/none", 404),
        ("/v1/workers/none", 404),
        ("/v1/jobs/nonsense/result?wait=5", 422),
    ],
)
async def test_an_address_that_cannot_be_taken_is_refused(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_search_that_cannot_be_read_is_pointed_at(client: httpx2.AsyncClient) -> None:
    problem = (await client.get("/v1/jobs", params={"query": "state:ded"})).json()
    assert (problem["code"], problem["field"]) == ("HR-E0220", "query")
    assert "^^^" in problem["detail"]


async def test_a_compressed_body_is_refused_as_what_it_is(client: httpx2.AsyncClient) -> None:
    body = gzip.compress(b'{"task": "mail.send", "args": ["ada@example.com"]}')
    answer = await client.post("/v1/jobs", content=body, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_method_that_is_not_taken_names_those_that_are(client: httpx2.AsyncClient) -> None:
    answer = await client.put("/v1/jobs", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert (await client.options("/v1/jobs")).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    head = await client.head("/v1/jobs")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_header_and_a_field_may_not_contradict_each_other(client: httpx2.AsyncClient) -> None:
    job = {"task": "mail.send", "args": ["ada"], "idempotency_key": "a"}
    answer = await client.post("/v1/jobs", json=job, headers={"Idempotency-Key": "b"})
    assert (answer.status_code, answer.json()["field"]) == (422, "idempotency_key")


@pytest.fixture
async def strict(app: Headrace) -> AsyncIterator[httpx2.AsyncClient]:
    """A service that takes little, and waits for little."""
    settings = ServerSettings(body_max=2_000, body_timeout=timedelta(milliseconds=50))
    transport = httpx2.ASGITransport(create_app(app, settings))
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        yield client


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(strict: httpx2.AsyncClient) -> None:
    told = await strict.post("/v1/jobs", content=b" " * 3_000, headers=JSON)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    untold = await strict.post("/v1/jobs", content=parts(), headers=JSON)
    assert [told.status_code, untold.status_code] == [413, 413]
    assert told.json()["code"] == "HR-E0217"


async def test_a_body_that_comes_too_slowly_is_refused(strict: httpx2.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield JOB[:5]
        await asyncio.sleep(0.2)
        yield JOB[5:]

    answer = await strict.post("/v1/jobs", content=parts(), headers=JSON)
    assert (answer.status_code, answer.json()["retryable"]) == (408, True)


async def test_deep_and_wide_data_within_the_limit_is_taken(client: httpx2.AsyncClient) -> None:
    deep = "[" * 90 + "]" * 90
    meta = f'{{"deep":{deep},"wide":{json.dumps([[]] * 500)},"text":"[[[{{"}}'
    body = f'{{"task":"mail.send","args":["ada"],"meta":{meta}}}'
    answer = await client.post("/v1/jobs", content=body, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert (await client.get(answer.headers["location"])).json()["meta"]["text"] == "[[[{"
