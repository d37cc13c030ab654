"""Due jobs and jobs that expire, where several sessions have to do with them."""

from __future__ import annotations

import asyncpg

from headrace.backends.postgres import PostgresBackend
from headrace.model.durations import ZERO, hours, seconds
from headrace.storage.jobs import Expiration, Promotion
from headrace.storage.signals import EXPIRY
from headrace.testing.conformance.builders import enqueue, job, read
from headrace.testing.conformance.signals import heard_until


async def test_an_expired_job_that_another_session_holds_is_not_asked_for_again_and_again(
    backend: PostgresBackend, database: str
) -> None:
    held, later = await enqueue(backend, job(expires_in=ZERO), job(expires_in=hours(1)))
    expiry = (await read(backend, later)).expires_at
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.fetch("SELECT FROM headrace.jobs WHERE id = $1 FOR UPDATE", held)
            assert await backend.jobs.expire(limit=10) == Expiration(next_expiry=expiry)
        assert await backend.jobs.expire(limit=10) == Expiration(ids=(held,), next_expiry=expiry)
    finally:
        await connection.close()


async def test_a_due_job_that_another_session_holds_is_not_asked_for_again_and_again(
    backend: PostgresBackend, database: str
) -> None:
    held, later = await enqueue(backend, job(delay=seconds(0.001)), job(delay=hours(1)))
    due = (await read(backend, later)).run_at
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.fetch("SELECT pg_sleep(0.002) FROM headrace.jobs WHERE id = $1 FOR UPDATE", held)
            assert await backend.jobs.promote(limit=10) == Promotion(count=0, next_due=due)
        promotion = await backend.jobs.promote(limit=10)
        assert promotion == Promotion(count=1, queues=frozenset({"default"}), next_due=due)
    finally:
        await connection.close()


async def test_another_process_hears_of_an_expiry(backend: PostgresBackend, database: str) -> None:
    other = PostgresBackend(database)
    await other.open()
    try:
        async with other.signals.subscribe({EXPIRY}) as signals:
            await enqueue(backend, job(queue="a", expires_in=hours(1)))
            assert await heard_until(signals, "expiry:a")
    finally:
        await other.close()
