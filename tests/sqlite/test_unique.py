"""Unique keys across processes, inside the caller's transaction, and with a long history behind them."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import apsw

from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import JobState, UniqueKey
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, ids_of, job, read
from tests.sqlite.old_schema import write_schema

KEY = UniqueKey(key="k")
REPLACE = UniqueKey(key="k", on_conflict="replace")


async def test_several_stores_on_one_file_let_one_job_through(clock: FrozenClock, path: Path) -> None:
    stores = [SqliteBackend(f"sqlite:///{path}", clock=clock) for _ in range(4)]
    for each in stores:
        await each.open()
    try:
        calls = (each.jobs.enqueue_many([job(unique=KEY)]) for each in stores for _ in range(10))
        answers = [answer for [answer] in await asyncio.gather(*calls)]
        assert sum(answer.added for answer in answers) == 1
        assert len({answer.id for answer in answers}) == 1
    finally:
        for each in stores:
            await each.close()


async def test_a_key_is_taken_and_a_job_replaced_within_the_callers_transaction(clock: FrozenClock, path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}?driver=sqlite3", clock=clock)
    await backend.open()
    try:
        [first] = await enqueue(backend, job(unique=KEY, payload=b"1"))
        with closing(sqlite3.connect(path)) as connection:
            within = backend.jobs.within(connection)
            answers = await within.enqueue_many([job(unique=REPLACE, payload=b"2", queue="q"), job(unique=KEY)])
            assert [(each.id, each.replaced, each.duplicate) for each in answers] == [
                (first, True, False),
                (first, False, True),
            ]
            connection.rollback()
            assert (await read(backend, first)).payload == b"1"
            await within.enqueue_many([job(unique=REPLACE, payload=b"3", queue="q")])
            connection.commit()
        found = await read(backend, first)
        assert (found.payload, found.queue, found.state) == (b"3", "q", JobState.QUEUED)
        assert [(each.queue, each.count) for each in await backend.reader.counts()] == [("q", 1)]
    finally:
        await backend.close()


async def test_jobs_without_a_key_leave_nothing_behind_for_them(backend: SqliteBackend, path: Path) -> None:
    await enqueue(backend, *(job() for _ in range(10)))
    with closing(apsw.Connection(str(path))) as connection:
        assert list(connection.execute("SELECT count(*) FROM headrace_unique")) == [(0,)]


async def test_a_job_deleted_with_its_key_leaves_nothing_behind(backend: SqliteBackend, path: Path) -> None:
    [job_id] = await enqueue(backend, job(unique=KEY))
    await backend.jobs.delete_many([job_id])
    with closing(apsw.Connection(str(path))) as connection:
        assert list(connection.execute("SELECT count(*) FROM headrace_unique")) == [(0,)]


async def test_a_file_of_the_first_schema_takes_jobs_with_keys_beside_those_it_holds(
    clock: FrozenClock, path: Path
) -> None:
    old = job()
    with closing(apsw.Connection(str(path))) as connection:
        write_schema(connection, 1)
        connection.execute(
            "INSERT INTO headrace_jobs (seq, id, task, queue, priority, state, run_at, attempt, max_attempts, claims, "
            "wakes, cancel, enqueued_at) VALUES (1, ?, 't', 'default', 5, 'queued', 0, 0, 5, 0, 0, 0, 0)",
            (old.id,),
        )
        connection.execute(
            "INSERT INTO headrace_bodies (seq, codec, payload, task_version) VALUES (1, 'json', '{}', 1)"
        )
    backend = SqliteBackend(f"sqlite:///{path}", clock=clock)
    await backend.open()
    try:
        assert (await read(backend, old.id)).unique_key is None
        [young] = await enqueue(backend, job(unique=KEY))
        assert ids_of(await claim(backend, 10)) == [old.id, young]
    finally:
        await backend.close()
