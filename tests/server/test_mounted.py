"""The service within applications of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from fastapi import FastAPI

from headrace import Headrace
from headrace.server import create_app
from tests.server.conftest import MAIN


async def test_it_is_mounted_in_fastapi(app: Headrace) -> None:
    @asynccontextmanager
    async def lifespan(outer: FastAPI) -> AsyncIterator[None]:
        async with app:
            yield

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/jobs", create_app(app))

    @outer.get("/own")
    async def own() -> dict[str, bool]:
        return {"own": True}

    transport = httpx2.ASGITransport(outer)
    async with lifespan(outer), httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        assert (await client.get("/own")).json() == {"own": True}
        await works_below(client, "/jobs")
    assert not app.is_open


async def test_it_stands_beside_django(app: Headrace) -> None:
    import django
    from django.conf import settings
    from django.core.asgi import get_asgi_application

    if not settings.configured:
        settings.configure()
    for name, value in (("ROOT_URLCONF", __name__), ("ALLOWED_HOSTS", ["*"]), ("SECRET_KEY", "not one")):
        setattr(settings, name, value)  # a process has one set of settings, which other tests use too
    django.setup()
    site, service = get_asgi_application(), create_app(app)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/jobs/"):
            inner = {**scope, "root_path": "/jobs", "path": scope["path"]}
            await service(inner, receive, send)
        else:
            await site(scope, receive, send)

    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(application), base_url=MAIN) as client:
        assert (await client.get("/own")).status_code == 404
        await works_below(client, "/jobs")


async def test_without_a_lifespan_the_first_request_opens_the_app(app: Headrace) -> None:
    service = create_app(app)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(service), base_url=MAIN) as client:
        assert (await client.get("/v1/jobs")).status_code == 200
        assert app.is_open
    await service.state.close()
    assert not app.is_open


async def works_below(client: httpx2.AsyncClient, path: str) -> None:
    made = await client.post(f"{path}/v1/jobs", json={"task": "mail.send", "args": ["ada"]})
    assert made.status_code == 201, made.text
    assert (await client.get(f"{path}/v1/jobs/{made.json()['id']}")).json()["state"] == "queued"
    assert (await client.get(f"{path}/docs")).status_code == 200
    assert (await client.get(f"{path}/docs/static/swagger-ui.css")).status_code == 200
    assert (await client.get(f"{path}/openapi.json")).json()["servers"][0]["url"] == "./"


urlpatterns: list[Any] = []
