"""Each scenario runs over every way, on a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.transports.tasks import make_app
from tests.transports.ways import WAYS, Way


class Working(Protocol):
    """Runs jobs while it is entered, in this process, beside whatever the way is."""

    def __call__(self) -> AbstractAsyncContextManager[None]: ...


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/jobs.db"


@pytest.fixture(params=WAYS)
async def way(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Way]:
    async with WAYS[request.param](url) as way:
        yield way


@pytest.fixture
def working(url: str) -> Working:
    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        app = make_app(url)
        async with app, app.worker(queues=["mail", "default"]):
            yield

    return work
