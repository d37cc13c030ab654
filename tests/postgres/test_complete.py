"""A handler's effect and the end of its job in one transaction, with each library."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from headrace import Exponential, Headrace, JobState, current_job, seconds
from headrace.backends.postgres import PostgresBackend
from headrace.errors import JobFailed, UsageError
from tests.postgres.test_within import (
    asyncpg_transaction,
    django_transaction,
    psycopg_sync_transaction,
    psycopg_transaction,
    sqlalchemy_async_psycopg,
    sqlalchemy_async_session,
    sqlalchemy_connection,
    sqlalchemy_session,
)

AWAITED = (asyncpg_transaction, psycopg_transaction, sqlalchemy_async_session, sqlalchemy_async_psycopg)
AT_ONCE = (psycopg_sync_transaction, sqlalchemy_session, sqlalchemy_connection, django_transaction)
PATIENCE_S = 30
EFFECT = "INSERT INTO headrace.kv (bucket, key, value, revision) VALUES ('effects', 'paid', '', 1)"


async def effects(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM headrace.kv WHERE bucket = 'effects'")
        return count
    finally:
        await connection.close()


async def write(connection: Any) -> None:
    """The handler's effect, whatever the connection is."""
    of_sqlalchemy = type(connection).__module__.startswith("sqlalchemy")
    executing = (connection.cursor() if hasattr(connection, "ops") else connection).execute(
        text(EFFECT) if of_sqlalchemy else EFFECT
    )
    if hasattr(executing, "__await__"):
        await executing


@pytest.mark.parametrize("transaction", [*AWAITED, *AT_ONCE], ids=lambda each: each.__name__)
async def test_the_effect_and_the_end_of_the_job_commit_together_or_not_at_all(
    database: str, transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # a handler on the event loop, for the sake of the test
    app = Headrace(backend=PostgresBackend(database))

    @app.task(name="pay", retry=Exponential(base=seconds(0), jitter=0))
    async def pay() -> str:
        async with transaction(database) as connection:
            await write(connection)
            if transaction in AWAITED:
                await current_job().complete_async(connection, "paid")
            else:
                current_job().complete(connection, "paid")
            if current_job().attempt == 1:
                raise RuntimeError("the power went")
        return "not stored"

    async with app, app.worker():
        job = await pay.enqueue()
        assert await job.result(timeout=PATIENCE_S) == "paid"
        assert (await job.get()).attempt == 2
        assert await job.state() is JobState.SUCCEEDED
    assert await effects(database) == 1


@pytest.mark.parametrize("transaction", AWAITED, ids=lambda each: each.__name__)
async def test_a_connection_that_has_to_be_awaited_is_refused_with_the_way(database: str, transaction: Any) -> None:
    app = Headrace(backend=PostgresBackend(database))

    @app.task(name="pay", max_attempts=1)
    async def pay() -> None:
        async with transaction(database) as connection:
            current_job().complete(connection)

    async with app, app.worker():
        job = await pay.enqueue()
        with pytest.raises(JobFailed, match="complete_async"):
            await job.result(timeout=PATIENCE_S)


async def test_a_connection_of_a_pool_is_completed_on_as_well(database: str) -> None:
    app = Headrace(backend=PostgresBackend(database))

    @app.task(name="pay", max_attempts=1)
    async def pay() -> None:
        pool = asyncpg.create_pool(database, min_size=1, max_size=1)
        async with pool, pool.acquire() as connection, connection.transaction():
            with pytest.raises(UsageError, match="complete_async"):
                current_job().complete(connection)
            await current_job().complete_async(connection)

    async with app, app.worker():
        job = await pay.enqueue()
        await job.result(timeout=PATIENCE_S)
