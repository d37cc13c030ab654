"""The journal where transactions commit in another order than they begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from headrace import Headrace
from headrace.backends.postgres import PostgresBackend
from headrace.errors import Unavailable
from headrace.model.event import EventRetention
from headrace.testing.conformance.builders import enqueue, job
from tests.webhooks.receiver import receiving


@pytest.fixture
async def own(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def told(backend: PostgresBackend, after: int = 0) -> list[tuple[int, str]]:
    page = await backend.events.read(after=after, limit=1_000)
    return [(event.sequence, event.queue) for event in page.events]


async def test_what_commits_late_comes_late_and_is_not_missed(
    backend: PostgresBackend, own: asyncpg.Connection
) -> None:
    await backend.events.enable(EventRetention())
    async with own.transaction():
        await backend.jobs.within(own).enqueue_many([job(queue="early")])
        await enqueue(backend, job(queue="late"))
        assert await told(backend) == [(1, "late")]
    assert await told(backend, after=1) == [(2, "early")]


async def test_what_is_rolled_back_leaves_no_gap(backend: PostgresBackend, own: asyncpg.Connection) -> None:
    await backend.events.enable(EventRetention())
    rolled_back = own.transaction()
    await rolled_back.start()
    await backend.jobs.within(own).enqueue_many([job(queue="never")])
    await rolled_back.rollback()
    await enqueue(backend, job(queue="a"))
    assert await told(backend) == [(1, "a")]


async def test_readers_that_number_at_once_give_each_event_one_number(backend: PostgresBackend) -> None:
    await backend.events.enable(EventRetention())
    readers = [backend.sibling() for _ in range(4)]
    for reader in readers:
        await reader.open()
    await asyncio.gather(*(enqueue(backend, job()) for _ in range(30)), *(told(each) for each in readers * 10))
    pages = [await told(reader) for reader in readers]
    assert [sequence for sequence, _ in pages[0]] == list(range(1, 31))
    assert pages.count(pages[0]) == len(pages)
    for reader in readers:
        await reader.close()


async def test_a_transaction_that_is_left_open_does_not_let_everybody_wait(
    backend: PostgresBackend, own: asyncpg.Connection
) -> None:
    async with own.transaction():
        await backend.jobs.within(own).enqueue_many([job()])
        with pytest.raises(Unavailable, match="lock"):
            await backend.events.enable(EventRetention())
        assert (await backend.events.status()).retention is None
    await backend.events.enable(EventRetention())
    await enqueue(backend, job(queue="a"))
    assert await told(backend) == [(1, "a")]


async def test_a_webhook_is_told_of_a_job_on_a_server(database: str) -> None:
    async with Headrace(database) as app, receiving() as receiver:
        greet = app.task(name="greet", queue="mail")(lambda: None)
        webhook = await app.webhooks.add(receiver.url, kind="succeeded")
        async with app.worker(queues=["mail"], webhook_networks="127.0.0.0/8"):
            job_id = (await greet.enqueue()).id
            await receiver.wait_for(1)
        assert receiver.checked(webhook.secret)["data"]["job_id"] == job_id
