"""Every promise of a store, on a server."""

from collections.abc import AsyncIterator

import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance import BackendConformance


class TestPostgres(BackendConformance):
    @pytest.fixture
    async def backend(self, clock: FrozenClock, database: str) -> AsyncIterator[PostgresBackend]:
        backend = PostgresBackend(database, clock=clock)
        await backend.open()
        yield backend
        await backend.close()
