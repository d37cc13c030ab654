"""A schema of four migrations, with jobs in every state, in the hands of this release."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend, schema
from headrace.backends.postgres.statements import named
from tests.cli.support import Cli
from tests.postgres.server import Server
from tests.upgrade.checks import finishes_everything, kept, keys_still_hold, reads_everything

EXPECTED = "postgresql-0004.json"
NAME = "upgraded"
MIGRATIONS = 4


@pytest.fixture
async def upgraded(server: Server) -> AsyncIterator[str]:
    """The URL of a schema with the jobs, after the command that a person runs."""
    url = f"{server.url()}?schema={NAME}"
    connection: Any = await asyncpg.connect(server.url())
    await connection.execute(f"CREATE SCHEMA {NAME}")
    for name in schema.MIGRATIONS[:MIGRATIONS]:
        await connection.execute(schema.script(name, NAME))
    await schema.note(connection, NAME, "schema", MIGRATIONS)
    await schema.note(connection, NAME, "oldest", MIGRATIONS)
    await connection.execute(named(kept("postgresql-0004.sql"), NAME))
    told = await asyncio.to_thread(lambda: Cli(url).ok("store", "migrate", "up"))
    assert told.splitlines() == [f"applied {name}" for name in schema.MIGRATIONS[MIGRATIONS:]]
    yield url
    await connection.execute(f"DROP SCHEMA {NAME} CASCADE")
    await connection.close()


async def test_every_job_is_read_as_before(upgraded: str) -> None:
    await reads_everything(upgraded, EXPECTED)


async def test_every_job_runs_to_its_end(upgraded: str) -> None:
    await finishes_everything(upgraded, EXPECTED)


async def test_idempotency_keys_still_hold(upgraded: str) -> None:
    await keys_still_hold(lambda clock: PostgresBackend(upgraded, clock=clock))
