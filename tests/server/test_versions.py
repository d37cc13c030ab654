"""Jobs that are submitted for an older version of their task."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headrace import Headrace
from headrace.cli.remote.calls import task_call
from headrace.client import call
from headrace.errors import InvalidArguments
from headrace.server import create_app
from tests.server.conftest import MAIN


def shop(url: str = "memory://") -> Headrace:
    """An app with a task of version 3."""
    app = Headrace(url)

    @app.task(name="pay", version=3, partition_by="currency")
    async def pay(cents: int, currency: str) -> str:
        return f"{cents} {currency}"

    @pay.upcast(from_version=1, deprecated="sums in euros are rounded", sunset=date(2030, 1, 31))
    def euros_to_cents(args: dict[str, Any]) -> dict[str, Any]:
        return {"cents": args["euros"] * 100}

    @pay.upcast(from_version=2)
    def add_the_currency(args: dict[str, Any]) -> dict[str, Any]:
        return {**args, "currency": "EUR"}

    return app


@pytest.fixture(params=["by its code", "by what workers told"])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Calls a service whose app has the task, or knows of it from the catalogue alone."""
    url = f"sqlite:///{tmp_path}/jobs.db"
    if request.param == "by its code":
        served = shop(url)
    else:
        served = Headrace(url)
        async with shop(url) as app, app.worker({"other": 1}):
            pass
    transport = httpx2.ASGITransport(create_app(served), raise_app_exceptions=True)
    async with served, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        yield client


async def submit(client: httpx2.AsyncClient, args: object, **more: object) -> httpx2.Response:
    return await client.post("/v1/jobs", json={"task": "pay", "args": args, **more})


async def test_the_answer_to_a_deprecated_version_says_so_in_its_headers(client: httpx2.AsyncClient) -> None:
    old = await submit(client, {"euros": 5}, version=1)
    fair = await submit(client, {"cents": 500}, version=2)
    new = await submit(client, {"cents": 500, "currency": "EUR"})

    assert [each.status_code for each in (old, fair, new)] == [201, 201, 201], old.text
    assert old.headers["deprecation"].startswith("@1")
    assert old.headers["sunset"] == "Thu, 31 Jan 2030 23:59:59 GMT"
    assert (old.json()["deprecated"], old.json()["sunset"]) == ("sums in euros are rounded", "2030-01-31")
    for each in (fair, new):
        assert not {"deprecation", "sunset"} & each.headers.keys()
        assert not {"deprecated", "sunset"} & each.json().keys()
    job = (await client.get(old.headers["location"])).json()
    assert (job["args"], job["task_version"]) == ({"euros": 5}, 1)


@pytest.mark.parametrize(("args", "version"), [({"cents": 1}, 9), ([5], 1)])
async def test_what_no_code_can_read_is_refused(client: httpx2.AsyncClient, args: object, version: int) -> None:
    refused = await submit(client, args, version=version)
    assert (refused.status_code, refused.json()["field"]) == (422, "args"), refused.text


async def test_arguments_that_an_upcast_stumbles_over_are_refused() -> None:
    app = shop()
    async with app:
        for args, version in (({"cents": 5}, 1), ({"cents": []}, 2)):
            with pytest.raises(InvalidArguments, match=f"pay: arguments of version {version} cannot be read"):
                await app.call_by_name("pay", args, version=version)


async def test_an_older_job_runs() -> None:
    app = shop()
    async with app, app.worker():
        job = await app.enqueue(await app.call_by_name("pay", {"euros": 5}, version=1))
        assert await job.result(timeout=20) == "500 EUR"
        assert (await job.get()).partition == "EUR"


def test_clients_ask_for_a_version() -> None:
    assert call("pay", euros=5).of_version(1).message().version == 1
    app = Headrace("memory://")
    anything = app.task(name="pay")(lambda: None)
    assert task_call(anything.call().of_version(1)).version == 1
    assert task_call(anything.call()).version is None
