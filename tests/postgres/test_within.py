"""Enqueue and completion inside the caller's own transaction, with every library that people use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import django
import django.conf
import psycopg
import pytest
from django.db.backends.postgresql.base import DatabaseWrapper
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from headrace import Headrace
from headrace.backends.postgres import PostgresBackend
from headrace.errors import Unsupported
from headrace.model.job import JobState
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.outcome import Completed, Finish
from headrace.storage.signals import WORK
from headrace.testing.conformance.builders import claim, claim_one, enqueue, job, state_of


@pytest.fixture(autouse=True)
def django_on_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django refuses to be used where a loop runs, unless it is told that one knows."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


class RolledBackError(Exception):
    """What a test raises to have its transaction rolled back."""


def roll_back() -> None:
    raise RolledBackError


@asynccontextmanager
async def asyncpg_transaction(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def psycopg_transaction(url: str) -> AsyncIterator[Any]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield connection


@asynccontextmanager
async def psycopg_sync_transaction(url: str) -> AsyncIterator[Any]:
    with psycopg.connect(url) as connection:
        yield connection


@asynccontextmanager
async def sqlalchemy_session(url: str, kind: type[Session] = Session) -> AsyncIterator[Any]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with kind(engine) as session, session.begin():
            yield session
    finally:
        engine.dispose()


class OurSession(Session):
    """What SQLModel and many an application make of SQLAlchemy's: the name of the class says nothing."""


class Unit(AsyncSession):
    """The same, for asyncio."""


def a_session_of_our_own(url: str) -> AbstractAsyncContextManager[Any]:
    return sqlalchemy_session(url, OurSession)


def an_async_session_of_our_own(url: str) -> AbstractAsyncContextManager[Any]:
    return sqlalchemy_async_session(url, kind=Unit)


class OurConnection(asyncpg.Connection):
    """What ``connection_class`` of asyncpg's pools is given."""


@asynccontextmanager
async def a_pooled_connection_of_our_own(url: str) -> AsyncIterator[Any]:
    async with (
        asyncpg.create_pool(url, min_size=1, max_size=1, connection_class=OurConnection) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        yield connection


@asynccontextmanager
async def sqlalchemy_connection(url: str) -> AsyncIterator[Any]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
            yield connection
    finally:
        engine.dispose()


@asynccontextmanager
async def sqlalchemy_async_session(
    url: str, driver: str = "asyncpg", kind: type[AsyncSession] = AsyncSession
) -> AsyncIterator[Any]:
    engine = create_async_engine(url.replace("postgresql:", f"postgresql+{driver}:"))
    try:
        async with kind(engine) as session, session.begin():
            yield session
    finally:
        await engine.dispose()


@asynccontextmanager
async def sqlalchemy_async_psycopg(url: str) -> AsyncIterator[Any]:
    async with sqlalchemy_async_session(url, "psycopg") as session:
        yield session


@contextmanager
def django_connection(url: str) -> Iterator[Any]:
    if not django.conf.settings.configured:
        django.conf.settings.configure(USE_TZ=True)
        django.setup()
    parts = psycopg.conninfo.conninfo_to_dict(url)
    connection = DatabaseWrapper(
        {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts["dbname"],
            "USER": parts["user"],
            "PASSWORD": "",
            "HOST": parts["host"],
            "PORT": str(parts["port"]),
            "OPTIONS": {},
            "TIME_ZONE": None,
            "CONN_MAX_AGE": 0,
            "AUTOCOMMIT": True,
            "ATOMIC_REQUESTS": False,
            "CONN_HEALTH_CHECKS": False,
            "TEST": {"NAME": None},
        }
    )
    connection.inc_thread_sharing()
    try:
        yield connection
    finally:
        connection.close()


@asynccontextmanager
async def django_transaction(url: str) -> AsyncIterator[Any]:
    with django_connection(url) as connection:
        connection.set_autocommit(False)
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


TRANSACTIONS = (
    asyncpg_transaction,
    psycopg_transaction,
    psycopg_sync_transaction,
    sqlalchemy_session,
    sqlalchemy_connection,
    sqlalchemy_async_session,
    sqlalchemy_async_psycopg,
    django_transaction,
    a_session_of_our_own,
    an_async_session_of_our_own,
    a_pooled_connection_of_our_own,
)
every_library = pytest.mark.parametrize("transaction", TRANSACTIONS, ids=lambda each: each.__name__)


@every_library
async def test_a_job_exists_once_the_callers_transaction_commits(backend: Any, database: str, transaction: Any) -> None:
    new = job(idempotency_key="k", tags=("a",), meta={"n": 1}, payload=b"\x00\xff")
    async with transaction(database) as connection:
        [reply] = await backend.jobs.within(connection).enqueue_many([new])
        assert (reply.id, reply.duplicate) == (new.id, False)
        assert await backend.reader.get_many([new.id]) == [None]
    [stored] = await backend.reader.get_many([new.id])
    assert stored is not None
    assert (stored.state, stored.payload, stored.tags, stored.meta) == (JobState.QUEUED, b"\x00\xff", ("a",), {"n": 1})


@every_library
async def test_nothing_remains_after_the_callers_transaction_rolls_back(
    backend: Any, database: str, transaction: Any
) -> None:
    new = job(idempotency_key="k")
    with pytest.raises(RolledBackError):  # noqa: PT012
        async with transaction(database) as connection:
            await backend.jobs.within(connection).enqueue_many([new])
            roll_back()
    assert await backend.reader.get_many([new.id]) == [None]
    assert await backend.reader.counts() == []
    [again] = await backend.jobs.enqueue_many([job(idempotency_key="k")])
    assert not again.duplicate


@every_library
async def test_a_job_is_completed_with_the_callers_writes(backend: Any, database: str, transaction: Any) -> None:
    await enqueue(backend, job())
    claimed = await claim_one(backend)
    finish = Finish(lease=claimed.lease, outcome=Completed(result=b"1"))
    with pytest.raises(RolledBackError):  # noqa: PT012
        async with transaction(database) as connection:
            await backend.jobs.within(connection).finish_many([finish])
            roll_back()
    assert await state_of(backend, claimed.job.id) is JobState.RUNNING
    async with transaction(database) as connection:
        await backend.jobs.within(connection).finish_many([finish])
    assert await state_of(backend, claimed.job.id) is JobState.SUCCEEDED


@every_library
async def test_a_verb_that_fails_leaves_the_transaction_usable(backend: Any, database: str, transaction: Any) -> None:
    new = job()
    async with transaction(database) as connection:
        store = backend.jobs.within(connection)
        with pytest.raises(Exception, match="codec"):
            await store.enqueue_many([job(codec=None, tags=("urgent",))])
        await store.enqueue_many([new])
    assert await state_of(backend, new.id) is JobState.QUEUED


@every_library
async def test_a_job_that_is_there_already_leaves_the_transaction_usable(
    backend: Any, database: str, transaction: Any
) -> None:
    old, new = job(), job()
    await backend.jobs.enqueue_many([old])
    async with transaction(database) as connection:
        store = backend.jobs.within(connection)
        assert [each.duplicate for each in await store.enqueue_many([old])] == [True]
        await store.enqueue_many([new])
    assert await state_of(backend, new.id) is JobState.QUEUED


@every_library
async def test_jobs_of_a_limited_task_go_into_its_lane(backend: Any, database: str, transaction: Any) -> None:
    await backend.limits.set_many([Limit(target=LimitTarget(LimitScope.TASK, "t"), concurrency=1)])
    async with transaction(database) as connection:
        for _ in range(2):
            await backend.jobs.within(connection).enqueue_many([job()])
    assert len(await claim(backend, 10)) == 1


@every_library
async def test_many_jobs_go_into_one_transaction(backend: Any, database: str, transaction: Any) -> None:
    jobs = [job() for _ in range(500)]
    async with transaction(database) as connection:
        replies = await backend.jobs.within(connection).enqueue_many(jobs)
    assert [reply.id for reply in replies] == [each.id for each in jobs]
    [count] = await backend.reader.counts()
    assert count.count == 500


@pytest.mark.parametrize("queue", ["mail", "o'brien's", "back\\slash'", "größe"])
@every_library
async def test_the_commit_wakes_the_workers(backend: Any, database: str, transaction: Any, queue: str) -> None:
    async with backend.signals.subscribe({WORK}) as signals:
        async with transaction(database) as connection:
            await backend.jobs.within(connection).enqueue_many([job(queue=queue)])
        async for heard in signals:
            if heard == f"work:{queue}":
                break


async def test_a_connection_outside_a_transaction_is_refused(backend: Any, database: str) -> None:
    connection = await asyncpg.connect(database)
    with pytest.raises(Unsupported, match="in no transaction"):
        await backend.jobs.within(connection).enqueue_many([job()])
    await connection.close()


def test_code_without_a_loop_enqueues_in_its_transaction(database: str) -> None:
    unfinished: Any = PostgresBackend(database)
    app = Headrace(backend=unfinished)

    @app.task
    def greet(name: str) -> None:
        pass

    with psycopg.connect(database) as connection:
        handle = app.sync.enqueue(greet.call("Ada"), connection=connection)
        connection.commit()
    assert handle.get().state is JobState.QUEUED
    app.sync.close()
