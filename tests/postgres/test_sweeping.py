"""Workers have the dead rows removed that they make, unless they may not or somebody still sees them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend, sweeping
from headrace.model.outcome import Completed, Finish
from headrace.testing.conformance.builders import claim, enqueue, job

JOBS = 200

pytestmark = pytest.mark.skipif(
    os.environ.get("HEADRACE_THROUGH_PGBOUNCER") == "1", reason="a pooler lets no vacuum through"
)


@pytest.fixture(autouse=True)
async def often(monkeypatch: pytest.MonkeyPatch, database: str) -> AsyncIterator[None]:
    """Vacuum after few jobs, and by nobody else."""
    monkeypatch.setattr(sweeping, "FINISHED_MIN", JOBS)
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE headrace.jobs SET (autovacuum_enabled = false)")
    yield
    await connection.execute("ALTER TABLE headrace.jobs RESET (autovacuum_enabled)")
    await connection.close()


async def drain(backend: PostgresBackend) -> None:
    """Run so many jobs, and wait for what that leads to."""
    await enqueue(backend, *(job() for _ in range(JOBS)))
    claims = await claim(backend, JOBS)
    await backend.jobs.finish_many([Finish(lease=each.lease, outcome=Completed()) for each in claims])
    await backend._sweeper.close()


async def vacuums(connection: asyncpg.Connection) -> int:
    """How often the jobs were vacuumed by a command."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    return int(
        await connection.fetchval(
            "SELECT pg_stat_get_vacuum_count(c.oid) FROM pg_class c WHERE c.oid = $1::regclass", "headrace.jobs"
        )
    )


async def test_so_many_jobs_later_the_table_is_vacuumed(backend: PostgresBackend, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        before = await vacuums(connection)
        await drain(backend)
        assert await vacuums(connection) == before + 1
        assert await connection.fetchval("SELECT pg_stat_get_dead_tuples('headrace.jobs'::regclass)") == 0
    finally:
        await connection.close()


async def test_while_a_snapshot_is_held_it_is_vacuumed_ever_more_rarely(
    backend: PostgresBackend, database: str
) -> None:
    connection, reader = await asyncpg.connect(database), await asyncpg.connect(database)
    try:
        async with reader.transaction(isolation="repeatable_read"):
            await reader.fetchval("SELECT count(*) FROM headrace.jobs")
            before = await vacuums(connection)
            for _ in range(7):
                await drain(backend)
            assert await vacuums(connection) == before + 3  # after 1, 3 and 7 rounds
        for _ in range(9):
            await drain(backend)
        assert await vacuums(connection) == before + 3 + 2  # after 15 rounds, and then after each
    finally:
        await connection.close()
        await reader.close()


async def test_who_may_not_vacuum_does_without(server: object, database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE ROLE worker LOGIN")
    await connection.execute(PostgresBackend(database).migrator().grants("worker"))
    backend = PostgresBackend(database.replace("postgres@", "worker@"))
    await backend.open()
    try:
        before = await vacuums(connection)
        await drain(backend)
        assert await vacuums(connection) == before
    finally:
        await backend.close()
        await connection.execute("DROP OWNED BY worker; DROP ROLE worker")
        await connection.close()
