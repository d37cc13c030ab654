from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance import BackendConformance


class TestSqlite(BackendConformance):
    @pytest.fixture
    async def backend(self, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[SqliteBackend]:
        backend = SqliteBackend(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal", clock=clock)
        await backend.open()
        yield backend
        await backend.close()


class TestSqliteWithTheStandardLibrary(BackendConformance):
    @pytest.fixture
    async def backend(self, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[SqliteBackend]:
        backend = SqliteBackend(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal&driver=sqlite3", clock=clock)
        await backend.open()
        yield backend
        await backend.close()
