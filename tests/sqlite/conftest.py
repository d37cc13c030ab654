from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.testing.clock import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


@pytest.fixture
async def backend(clock: FrozenClock, path: Path) -> AsyncIterator[SqliteBackend]:
    backend = SqliteBackend(f"sqlite:///{path}", clock=clock)
    await backend.open()
    yield backend
    await backend.close()
