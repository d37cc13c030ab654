"""An app on PostgreSQL: found by its URL, run by a worker, from threads, from the command line."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

import asyncpg
import pytest

from headrace import Headrace, Middleware
from headrace.app.backends import make_backend
from headrace.backends.postgres.location import masked, parse_url
from headrace.engine.middleware import EnqueueNext
from headrace.errors import ConfigError
from headrace.model.job import NewJob
from headrace.storage.jobs import Enqueued
from tests.cli.support import Cli
from tests.postgres.server import Server
from tests.schedule_wakes import expect_to_be_woken

PATIENCE_S = 30


def greeter(url: str) -> Headrace:
    """An app with one task."""
    app = Headrace(url)

    @app.task(name="greet")
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    return app


async def test_a_worker_runs_what_was_enqueued(database: str) -> None:
    app = greeter(database)
    async with app, app.worker():
        handle = await app.enqueue(app.tasks["greet"].call("Ada"))
        assert await handle.result(timeout=PATIENCE_S) == "Hello, Ada!"


async def test_a_worker_tells_once_how_many_connections_it_may_take(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "headrace.postgres")
    app = greeter(f"{database}?connections=7")
    async with app, app.worker():
        pass
    [told] = [message for record in caplog.records if "connections" in (message := record.getMessage())]
    assert "up to 7 connections from here, 14 with a worker's heartbeats" in told


async def test_the_synchronous_app_enqueues_and_reads_on_the_same_store(database: str) -> None:
    app = greeter(database)

    def ask() -> str:
        with app.sync:
            return app.sync.enqueue(app.tasks["greet"].call("Bob")).id

    job_id = await asyncio.to_thread(ask)
    async with greeter(database) as other, other.worker():
        assert await other.job(job_id).result(timeout=PATIENCE_S) == "Hello, Bob!"


async def test_many_jobs_with_keys_are_enqueued_in_the_order_of_the_list(database: str) -> None:
    """Chunks of others are written at the same time, and come as they come."""
    app = greeter(database)
    greet = app.tasks["greet"].options(partition="Ada")
    async with app:
        handles = await app.enqueue_many([greet.call(str(number)) for number in range(5_500)])
    connection = await asyncpg.connect(database)
    stored = await connection.fetch("SELECT id::text FROM headrace.jobs ORDER BY run_at, seq")
    await connection.close()
    in_order = [row["id"] for row in stored] == [handle.id for handle in handles]
    assert in_order  # thousands of ids say nothing


async def test_the_command_line_reads_and_changes_the_store(database: str) -> None:
    cli = Cli(database)
    await asyncio.to_thread(cli.ok, "job", "enqueue", "greet", "--arg", "name=Ada")
    [listed] = (await asyncio.to_thread(cli.json, "job", "list"))["items"]
    assert listed["task"] == "greet"
    await asyncio.to_thread(cli.ok, "job", "cancel", listed["id"])
    assert "1 cancelled" in await asyncio.to_thread(cli.ok, "store", "stats")


async def test_schemas_of_one_database_do_not_meet(database: str, server: Server) -> None:
    ours, theirs = greeter(database), greeter(f"{database}?schema=other")
    try:
        async with ours, theirs:
            await ours.enqueue(ours.tasks["greet"].call("Ada"))
            assert len((await ours.find()).items) == 1
            assert (await theirs.find()).items == []
    finally:
        connection = await asyncpg.connect(server.url())
        await connection.execute("DROP SCHEMA other CASCADE")
        await connection.close()


async def test_of_several_hosts_the_primary_is_used(database: str, server: Server) -> None:
    app = greeter(f"postgresql://postgres@127.0.0.1:{server.port},127.0.0.1:{server.port}/postgres")
    async with app:
        assert (await app.find()).items == []


def test_several_hosts_ask_for_the_primary_unless_the_url_says_otherwise() -> None:
    assert parse_url("postgresql://a:1,b:2/db").dsn == "postgresql://a:1,b:2/db?target_session_attrs=primary"
    assert parse_url("postgresql://a,b/db?target_session_attrs=any").dsn.endswith("?target_session_attrs=any")
    assert parse_url("postgresql://a/db").dsn == "postgresql://a/db"


def test_passwords_are_masked_wherever_a_url_can_hold_them() -> None:
    assert masked("postgresql://a:s@h:5432,g:5433/db") == "postgresql://a:***@h:5432,g:5433/db"
    assert masked("postgresql://h:5432/db?password=s&schema=x") == "postgresql://h:5432/db?password=***&schema=x"
    assert masked("postgresql://h:5432/db?user=a@b") == "postgresql://h:5432/db?user=a@b"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_without_the_driver_the_error_names_the_extra(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("headrace.backends.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigError, match=r"pip install 'headrace\[postgres\]'"):
        make_backend(f"{scheme}://host/db")


async def test_a_scheduler_hears_of_a_schedule_made_beside_it(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await expect_to_be_woken(database, monkeypatch, beside=database)


class Anxious(Middleware):
    """Enqueues a second time, once the job has ended: as one would that never heard of the first."""

    def __init__(self, app: Headrace) -> None:
        self.app = app

    async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
        [first] = await next(jobs)
        await self.app.job(first.id).result(timeout=PATIENCE_S)
        return await next(jobs)


async def test_middleware_that_enqueues_a_job_again_adds_none_though_it_has_ended_meanwhile(database: str) -> None:
    """The store looks among ended jobs for every id but those that were made for a single call."""
    app = greeter(database)
    app.middleware(Anxious(app))
    async with app, app.worker():
        handle = await app.enqueue(app.tasks["greet"].call("Ada"))
        assert handle.duplicate
        assert sum(count.count for count in await app.counts()) == 1
