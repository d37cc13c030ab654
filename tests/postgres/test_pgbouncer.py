"""Behind a pooler of transactions everything works, with as many connections to the server as the pooler keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.storage.signals import WORK
from headrace.testing.conformance.builders import enqueue, job
from tests.postgres.load import Load
from tests.postgres.pooler import PROGRAM, Pooler
from tests.postgres.server import Server

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no pgbouncer here; HEADRACE_PGBOUNCER names the program")


@pytest.fixture
def through(database: str, server: Server, entrance: int) -> Iterator[str]:
    """The URL of the empty database through a pgbouncer."""
    with Pooler(server) as pooler:
        yield database.replace(f":{entrance}/", f":{pooler.port}/")


async def test_jobs_run_behind_a_pooler_which_nobody_had_to_name(through: str, database: str) -> None:
    async with Load(through) as load:
        await load.progress()
        await load.check(database)


async def test_many_at_once_are_stored_behind_a_pooler(through: str) -> None:
    backend = PostgresBackend(through)
    await backend.open()
    await asyncio.gather(*(enqueue(backend, *(job() for _ in range(500))) for _ in range(6)))
    [count] = [each.count for each in await backend.reader.counts()]
    await backend.close()
    assert count == 3_000


async def test_what_is_enqueued_behind_a_pooler_is_heard_by_those_who_listen_without_one(
    through: str, database: str
) -> None:
    behind, beside = PostgresBackend(through), PostgresBackend(database)
    await behind.open()
    await beside.open()
    async with beside.signals.subscribe([WORK]) as topics:
        await enqueue(behind, job(queue="mail"))
        async with asyncio.timeout(10):
            while await anext(topics) != "work:mail":
                pass
    await behind.close()
    await beside.close()


async def test_a_direct_connection_is_known_for_one(database: str) -> None:
    connection = await asyncpg.connect(database)
    direct = connection.get_server_pid() == await connection.fetchval("SELECT pg_backend_pid()")
    await connection.close()
    backend = PostgresBackend(database)
    await backend.open()
    assert backend._pool.pooled is not direct
    await backend.close()
