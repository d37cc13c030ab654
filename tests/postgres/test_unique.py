"""Unique keys across connections, in the caller's transaction, and beside a worker that begins the job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.errors import Unsupported
from headrace.model.job import JobState, UniqueKey
from headrace.storage.jobs import Enqueued
from headrace.testing.conformance.builders import claim, enqueue, ids_of, job, put_in, read
from tests.postgres.waiting import until_blocked_by

KEY = UniqueKey(key="k")
REPLACE = UniqueKey(key="k", on_conflict="replace")


@pytest.fixture
async def store(database: str) -> AsyncIterator[Any]:
    """A store by the server's clock."""
    backend = PostgresBackend(database)
    await backend.open()
    yield backend
    await backend.close()


async def test_several_stores_let_one_job_of_a_key_through(store: Any) -> None:
    stores = [store.sibling() for _ in range(4)]
    for each in stores:
        await each.open()
    try:
        batch = [[job(unique=UniqueKey(key=f"k{n}")) for n in order] for order in (range(20), reversed(range(20)))]
        calls = (each.jobs.enqueue_many(batch[turn % 2]) for turn in range(5) for each in stores)
        answers = [answer for answers in await asyncio.gather(*calls) for answer in answers]
        assert sum(answer.added for answer in answers) == 20
        assert len({answer.id for answer in answers}) == 20
        assert len(await claim(store, 100)) == 20
    finally:
        for each in stores:
            await each.close()


async def test_the_second_of_two_transactions_waits_for_the_first_and_answers_its_job(
    store: Any, database: str
) -> None:
    connection = await asyncpg.connect(database)
    try:
        first = job(unique=KEY)
        async with connection.transaction():
            await store.jobs.within(connection).enqueue_many([first])
            second = asyncio.create_task(store.jobs.enqueue_many([job(unique=KEY)]))
            await until_blocked_by(connection)
        assert await second == [Enqueued(id=first.id, state=JobState.QUEUED, duplicate=True)]
    finally:
        await connection.close()


async def test_a_key_asked_for_in_a_transaction_that_is_rolled_back_is_free(store: Any, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await store.jobs.within(connection).enqueue_many([job(unique=KEY)])
        await transaction.rollback()
    finally:
        await connection.close()
    [answer] = await store.jobs.enqueue_many([job(unique=KEY)])
    assert answer.added


async def test_a_transaction_that_could_not_see_the_others_is_refused(store: Any, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            with pytest.raises(Unsupported, match="READ COMMITTED"):
                await store.jobs.within(connection).enqueue_many([job(unique=KEY)])
            [answer] = await store.jobs.within(connection).enqueue_many([job()])
            assert answer.added
    finally:
        await connection.close()


async def test_a_job_that_a_worker_begins_at_that_moment_is_not_replaced(store: Any, database: str) -> None:
    [first] = await enqueue(store, job(unique=KEY, payload=b"1"))
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("UPDATE headrace.jobs SET state = 'running', token = 't', worker = 'w'")
            answer = asyncio.create_task(store.jobs.enqueue_many([job(unique=REPLACE, payload=b"2")]))
            await until_blocked_by(connection)
        assert await answer == [Enqueued(id=first, state=JobState.RUNNING, duplicate=True)]
    finally:
        await connection.close()
    assert (await read(store, first)).payload == b"1"


async def test_a_burst_of_replacements_in_one_batch_is_few_statements(store: Any) -> None:
    [first] = await enqueue(store, job(unique=KEY, delay=timedelta(hours=1)))
    answers = await store.jobs.enqueue_many(
        [job(unique=REPLACE, payload=b"%d" % n, delay=timedelta(hours=1)) for n in range(500)]
    )
    assert {answer.id for answer in answers} == {first}
    assert (await read(store, first)).payload == b"499"


async def test_a_key_of_a_long_history_is_found_by_an_index(store: Any, database: str) -> None:
    policy = UniqueKey(key="k", states=tuple(JobState), on_conflict="drop")
    done = await put_in(store, JobState.SUCCEEDED, unique=KEY)
    connection = await asyncpg.connect(database)
    try:
        copied = """INSERT INTO headrace.succeeded
            SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), 'task', 'other'))).*
            FROM headrace.succeeded AS s, generate_series(1, 20000)"""
        await connection.execute(copied)
        await connection.execute("ANALYZE headrace.succeeded")
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM headrace.succeeded WHERE task = 't' AND unique_key = 'k' "
            "ORDER BY enqueued_at DESC LIMIT 1"
        )
        assert "_task_unique_key_enqueued_at_idx" in "".join(row[0] for row in plan)
    finally:
        await connection.close()
    [answer] = await store.jobs.enqueue_many([job(unique=policy)])
    assert (answer.id, answer.dropped) == (done, True)
    assert ids_of(await claim(store, 1)) == []


async def test_jobs_without_a_key_take_no_lock_and_are_in_no_index_of_keys(store: Any, database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await store.jobs.within(connection).enqueue_many([job() for _ in range(300)])
            assert not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert await connection.fetchval("SELECT pg_relation_size('headrace.jobs_unique')") <= 8192
    finally:
        await connection.close()
