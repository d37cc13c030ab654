"""API keys: who is taken, who is refused, why, and how soon a change is known."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx2
import pytest

from headrace import Headrace
from headrace.backends.memory import MemoryBackend
from headrace.config.server import ServerSettings
from headrace.errors import ConfigError, UnknownKey, UsageError
from headrace.server import create_app
from headrace.server import keys as server_keys
from headrace.server.serving import check_exposure
from headrace.storage.kv import Put
from headrace.testing.clock import FrozenClock
from headrace.wire.scopes import Scope

MAIN = "http://headrace.test"
JOB = {"task": "mail.send", "args": ["ada@example.com"]}
Headers = dict[str, str]


class Seconds:
    """A clock that is told how much later it is."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    """What the key ring counts its seconds by."""
    seconds = Seconds()
    monkeypatch.setattr(server_keys, "time", seconds)
    return seconds


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def app(clock: FrozenClock) -> Headrace:
    app = Headrace(backend=MemoryBackend(clock=clock))

    @app.task(name="mail.send", queue="mail.eu")
    async def send(to: str) -> None: ...

    @app.task(name="bill", queue="bills")
    async def bill() -> None: ...

    return app


@pytest.fixture
async def client(app: Headrace, seconds: Seconds) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(create_app(app), raise_app_exceptions=True)
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        yield client


def bearing(token: str) -> Headers:
    return {"authorization": f"Bearer {token}"}


async def test_without_keys_and_token_everybody_is_taken_and_with_the_first_key_nobody_without_one(
    app: Headrace, client: httpx2.AsyncClient, seconds: Seconds
) -> None:
    assert (await client.post("/v1/jobs", json=JOB)).status_code == 201
    made = await app.keys.create("shop", scopes=["submit"])
    seconds.now += 5

    refused = await client.post("/v1/jobs", json=JOB)

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in refused.json()["fix"]
    await app.keys.revoke("shop")
    seconds.now += 5
    assert (await client.post("/v1/jobs", json=JOB)).status_code == 401, "revoking the last key opens nothing"
    assert made.token not in refused.text


async def test_a_new_key_is_taken_within_a_second_and_a_revoked_one_not_after_five(
    app: Headrace, client: httpx2.AsyncClient, seconds: Seconds
) -> None:
    first = await app.keys.create("first", scopes=["submit"])
    assert (await client.post("/v1/jobs", json=JOB, headers=bearing(first.token))).status_code == 201

    second = await app.keys.create("second", scopes=["submit"])
    seconds.now += 1.1
    assert (await client.post("/v1/jobs", json=JOB, headers=bearing(second.token))).status_code == 201

    await app.keys.revoke("first")
    seconds.now += 5
    refused = await client.post("/v1/jobs", json=JOB, headers=bearing(first.token))
    assert refused.status_code == 401
    assert "was revoked at" in refused.json()["detail"]


async def test_guessing_costs_the_store_one_look_a_second(
    app: Headrace, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    read = app.keys.list

    async def counted() -> object:
        nonlocal looks
        looks += 1
        return await read()

    monkeypatch.setattr(app.keys, "list", counted)
    for number in range(20):
        refused = await client.post("/v1/jobs", json=JOB, headers=bearing(f"hr_{number:012x}_guess"))
        assert refused.status_code == 401
    assert looks == 1


async def test_an_expired_key_is_refused_and_says_so(
    app: Headrace, client: httpx2.AsyncClient, clock: FrozenClock
) -> None:
    made = await app.keys.create("ci", scopes=["submit"], expires_in=timedelta(hours=1))
    assert (await client.post("/v1/jobs", json=JOB, headers=bearing(made.token))).status_code == 201
    clock.advance(timedelta(hours=1))

    refused = await client.post("/v1/jobs", json=JOB, headers=bearing(made.token))

    assert refused.status_code == 401
    assert "'ci'" in refused.json()["detail"]
    assert "expired at" in refused.json()["detail"]


@pytest.mark.parametrize(
    "mangle",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.partition("_")[2],
        lambda token: token.replace("hr_", "hr_0", 1),
        lambda token: "hr_" + "0" * 12 + "_" + token.split("_", 2)[2],
        lambda token: token.split("_", 2)[0] + "_" + token.split("_", 2)[1] + "_",
        lambda token: "hr_",
        lambda token: "\u00ff\u00fe",
    ],
)
async def test_what_is_no_key_of_this_store_is_refused(
    app: Headrace, client: httpx2.AsyncClient, mangle: Callable[[str], str]
) -> None:
    made = await app.keys.create("shop", scopes=["admin"])

    header = f"Bearer {mangle(made.token)}".encode("latin-1")
    refused = await client.post("/v1/jobs", json=JOB, headers=[(b"authorization", header)])

    assert (refused.status_code, refused.json()["code"]) == (401, "HR-E0410")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "hr_0123"])
async def test_another_scheme_or_none_is_refused(app: Headrace, client: httpx2.AsyncClient, header: str) -> None:
    await app.keys.create("shop", scopes=["admin"])
    refused = await client.post("/v1/jobs", json=JOB, headers={"authorization": header})
    assert refused.status_code == 401


async def test_a_key_without_the_scope_is_refused_and_told_which_it_lacks(
    app: Headrace, client: httpx2.AsyncClient
) -> None:
    reader = await app.keys.create("board", scopes=["read"])
    assert (await client.get("/v1/jobs", headers=bearing(reader.token))).status_code == 200

    refused = await client.post("/v1/jobs", json=JOB, headers=bearing(reader.token))

    assert refused.status_code == 403
    assert "jobs:submit" in refused.json()["detail"]
    assert "board" in refused.json()["detail"]


async def test_a_key_for_some_queues_is_refused_in_others(app: Headrace, client: httpx2.AsyncClient) -> None:
    made = await app.keys.create("mailer", scopes=["submit"], queues=["mail.*"])
    headers = bearing(made.token)

    mail = await client.post("/v1/jobs", json=JOB, headers=headers)
    bill = await client.post("/v1/jobs", json={"task": "bill"}, headers=headers)

    assert mail.status_code == 201
    assert bill.status_code == 403
    assert (bill.json()["field"], "'bills'" in bill.json()["detail"]) == ("queue", True)
    assert [each.queue for each in (await app.find()).items] == ["mail.eu"]


async def test_the_token_of_the_settings_may_do_everything_beside_keys(app: Headrace, seconds: Seconds) -> None:
    settings = ServerSettings(token="correct-horse-battery")
    transport = httpx2.ASGITransport(create_app(app, settings), raise_app_exceptions=True)
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        made = await app.keys.create("shop", scopes=["submit"])
        for token, status in (("correct-horse-battery", 201), (made.token, 201), ("correct-horse-batterz", 401)):
            assert (await client.post("/v1/jobs", json=JOB, headers=bearing(token))).status_code == status
        assert (await client.post("/v1/jobs", json=JOB)).status_code == 401


async def test_the_use_of_a_key_is_noted_once_a_minute(
    app: Headrace, client: httpx2.AsyncClient, clock: FrozenClock, seconds: Seconds
) -> None:
    made = await app.keys.create("shop", scopes=["submit"])
    assert await app.keys.last_used() == {}
    for _ in range(3):
        await client.post("/v1/jobs", json=JOB, headers=bearing(made.token))
        clock.advance(timedelta(seconds=10))
        seconds.now += 10
    begun = (await app.keys.last_used())[made.key.id]
    assert begun == clock.now() - timedelta(seconds=30)

    seconds.now += 61
    await client.post("/v1/jobs", json=JOB, headers=bearing(made.token))
    assert (await app.keys.last_used())[made.key.id] == clock.now()


async def test_every_change_leaves_a_line_of_who_did_what_to_which_and_how_it_ended(
    app: Headrace, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    operator = await app.keys.create("ops", scopes=["operate"])
    reader = await app.keys.create("board", scopes=["read"])
    job = await client.post("/v1/jobs", json=JOB, headers=bearing(operator.token))
    path = f"/v1/jobs/{job.json()['id']}/cancel"
    with caplog.at_level(logging.INFO, "headrace.audit"):
        await client.post(path, json={}, headers=bearing(reader.token))
        await client.post(path, json={}, headers=bearing(operator.token))
        await client.post(path, json={})
        await client.get("/v1/jobs", headers=bearing(reader.token))

    lines = [record.getMessage() for record in caplog.records if record.name == "headrace.audit"]
    assert lines == [
        f"board ({reader.key.id}): jobs.cancel -: HR-E0411",
        f"ops ({operator.key.id}): jobs.cancel {job.json()['id']}: done",
        "unknown: jobs.cancel -: HR-E0410",
    ]
    assert operator.token not in caplog.text


async def test_a_line_says_what_was_changed_whatever_it_is_called_by(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "headrace.audit"):
        await client.post("/v1/operations/preview", json={"where": "queue:mail"})  # changes nothing
        await client.post("/v1/operations", json={"verb": "cancel", "where": "queue:mail"})
        await client.post("/v1/workers/w-1/quiet")
        for url in ("https://example.com/hook?secret=x", "https://[nowhere"):
            await client.post("/v1/webhooks", json={"url": url})

    lines = [record.getMessage() for record in caplog.records if record.name == "headrace.audit"]
    assert lines == [
        "anyone: operations.start queue:mail: done",
        "anyone: workers.quiet w-1: HR-E0321",
        "anyone: webhooks.add example.com: done",
        "anyone: webhooks.add -: HR-E0215",
    ]


async def test_the_store_does_not_have_the_secret(app: Headrace) -> None:
    async with app:
        made = await app.keys.create("shop", scopes=["submit"])
        [entry] = (await app.backend.kv.scan("keys")).items
        secret = made.token.split("_", 2)[2]
        assert secret.encode() not in entry.value
        assert made.key.knows(secret)


async def test_a_key_of_a_later_release_is_reported_and_the_others_are_taken(
    app: Headrace, client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    made = await app.keys.create("shop", scopes=["submit"])
    [entry] = (await app.backend.kv.scan("keys")).items
    later = entry.value.replace(b"jobs:submit", b"jobs:dream")
    await app.backend.kv.put_many("keys", [Put(key="later", value=later)])

    assert (await client.post("/v1/jobs", json=JOB, headers=bearing(made.token))).status_code == 201
    assert "API key later cannot be read, and is not taken" in caplog.text


async def test_keys_are_found_by_id_name_and_token_and_unknown_ones_name_the_near(app: Headrace) -> None:
    async with app:
        made = await app.keys.create("shop", scopes=["submit", "queues:read"])
        assert made.key.scopes == {Scope.JOBS_SUBMIT, Scope.JOBS_READ, Scope.TASKS_READ, Scope.QUEUES_READ}
        for word in (made.key.id, "shop", made.token):
            assert await app.keys.get(word) == made.key
        with pytest.raises(UnknownKey, match="did you mean 'shop'"):
            await app.keys.revoke("shap")


async def test_a_name_is_free_again_when_its_key_is_revoked(app: Headrace) -> None:
    async with app:
        await app.keys.create("shop", scopes=["submit"])
        with pytest.raises(UsageError, match="Revoke it first"):
            await app.keys.create("shop", scopes=["submit"])
        await app.keys.revoke("shop")
        again = await app.keys.create("shop", scopes=["read"])
        assert await app.keys.get("shop") == again.key


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"scopes": ["everything"]}, "scope 'everything' is not known"),
        ({"scopes": ["sumbit"]}, "did you mean 'submit'"),
        ({"scopes": []}, "scopes are empty"),
        ({"scopes": "read"}, r"scopes takes several, in a list: \['read'\]"),
        ({"scopes": ["read"], "queues": []}, "queues are 1 to 100"),
        ({"scopes": ["read"], "queues": ["a b"]}, "queue"),
        ({"scopes": ["read"], "expires_in": timedelta(0)}, "expires_in is more than zero"),
        ({"scopes": ["read"], "name": " "}, "name is what the key is for"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_a_reason(
    app: Headrace, settings: dict[str, object], complaint: str
) -> None:
    async with app:
        with pytest.raises(ConfigError, match=complaint):
            await app.keys.create(**{"name": "shop", **settings})  # type: ignore[arg-type]
        assert await app.keys.list() == []


def test_a_server_that_others_reach_needs_a_token_or_a_key() -> None:
    exposed = ServerSettings(host="0.0.0.0")
    with pytest.raises(ConfigError, match="headrace key create"):
        check_exposure(exposed)
    check_exposure(exposed, has_keys=True)
