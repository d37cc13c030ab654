"""An app in memory, and a client that calls its service without a network between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from headrace import Headrace, Never
from headrace.server import create_app

MAIN = "http://headrace.test"


@pytest.fixture
def app() -> Iterator[Headrace]:
    """Tasks of several kinds."""
    app = Headrace("memory://")

    @app.task(name="mail.send", queue="mail")
    async def send(to: str, *, subject: str = "", urgent: bool = False) -> str:
        return f"sent to {to}"

    @app.task(name="mail.lose", queue="mail", retry=Never())
    async def lose() -> None:
        raise ValueError("no luck")

    yield app
    app.sync.close()  # opened by those who read the metrics


@pytest.fixture
async def client(app: Headrace) -> AsyncIterator[httpx2.AsyncClient]:
    """Calls the service of the app, which is open."""
    transport = httpx2.ASGITransport(create_app(app), raise_app_exceptions=True)
    async with app, httpx2.AsyncClient(transport=transport, base_url=MAIN) as client:
        yield client
