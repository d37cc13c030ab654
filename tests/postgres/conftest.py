"""One server and one database for the tests of a process; each test finds it empty."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend
from tests.postgres.pooler import Pooler
from tests.postgres.server import Server

EMPTY = """
DO $$
DECLARE tables text;
BEGIN
    PERFORM headrace.switch_journal(false);
    SELECT string_agg(format('headrace.%I', tablename), ', ') INTO tables
    FROM pg_tables WHERE schemaname = 'headrace' AND tablename <> 'meta' AND tablename !~ '^succeeded_';
    EXECUTE 'TRUNCATE ' || tables || ' RESTART IDENTITY';
END $$
"""
"""Truncating takes a tenth of the time of making a database from a template."""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as server:
        asyncio.run(make_schema(server.url()))
        yield server


async def make_schema(url: str) -> None:
    backend = PostgresBackend(url)
    await backend.open()
    await backend.close()


@pytest.fixture(scope="session")
def entrance(server: Server) -> Iterator[int]:
    """The port by which tests reach the server: its own, or with HEADRACE_THROUGH_PGBOUNCER=1 that of a pgbouncer."""
    if os.environ.get("HEADRACE_THROUGH_PGBOUNCER") != "1":
        yield server.port
        return
    with Pooler(server) as pooler:
        yield pooler.port


@pytest.fixture
async def database(server: Server, entrance: int) -> AsyncIterator[str]:
    """The URL of a database that has the schema and nothing in it."""
    yield server.url().replace(f":{server.port}/", f":{entrance}/")
    connection = await asyncpg.connect(server.url())
    await connection.execute(EMPTY)
    await connection.close()


@pytest.fixture
async def backend(database: str) -> AsyncIterator[PostgresBackend]:
    """An open store on it, by the server's clock."""
    backend = PostgresBackend(database)
    await backend.open()
    yield backend
    await backend.close()
