"""Every promise of a store, on a server."""

import re
from collections.abc import AsyncIterator

import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance import BackendConformance
from tests.postgres.server import Server


class TestPostgres(BackendConformance):
    @pytest.fixture(autouse=True)
    def through(self, request: pytest.FixtureRequest, server: Server, entrance: int) -> None:
        if entrance != server.port and re.search("sibling.*hear", request.node.name):
            pytest.skip("nobody can listen through a pooler: other processes look, and hear nothing")

    @pytest.fixture
    async def backend(self, clock: FrozenClock, database: str) -> AsyncIterator[PostgresBackend]:
        backend = PostgresBackend(database, clock=clock)
        await backend.open()
        yield backend
        await backend.close()
