"""When the server fails, or what lies before it: work goes on by itself, nothing is lost and nothing done twice."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from os import urandom
from shutil import which
from typing import Any

import asyncpg
import pytest

from headrace.errors import StorageFull
from headrace.storage.kv import KeyValueStore, Put
from tests.postgres.load import Load
from tests.postgres.proxy import Proxy
from tests.postgres.server import SETTINGS, Server

FILE_SIZE_MAX = 20_000_000
"""More than a segment of the log, which must go on: without it a server cannot run at all."""

DURABLE = {**SETTINGS, "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server for these tests alone, that keeps what it acknowledged."""
    with Server(DURABLE) as server:
        yield server


@pytest.fixture
async def url(own_server: Server) -> str:
    """A fresh database on it."""
    admin = await asyncpg.connect(own_server.url())
    await admin.execute("DROP DATABASE IF EXISTS faults WITH (FORCE)")
    await admin.execute("CREATE DATABASE faults")
    await admin.close()
    return own_server.url("faults")


async def fill(store: KeyValueStore) -> None:
    for number in count():
        await store.put_many("filler", [Put(key=str(number), value=urandom(1_000_000))])


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()


async def test_a_restart_of_the_server_is_survived(own_server: Server, url: str) -> None:
    async with Load(url) as load:
        await load.progress()
        own_server.stop()
        own_server.start()
        await load.progress()
        await load.check(url)


async def test_a_crash_of_the_server_is_survived(own_server: Server, url: str) -> None:
    async with Load(url) as load:
        await load.progress()
        own_server.stop(signal.SIGQUIT)
        own_server.start()
        await load.progress()
        await load.check(url)


async def test_all_connections_may_be_ended_by_an_administrator(url: str) -> None:
    async with Load(url) as load, session(url) as admin:
        for _ in range(3):
            await load.progress()
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await load.progress()
        await load.check(url)


async def test_a_client_that_sits_in_a_transaction_holds_up_only_what_it_locked(url: str) -> None:
    async with Load(url) as load, session(url) as idler:
        await load.progress()
        async with idler.transaction():
            await idler.fetch("SELECT id FROM headrace.jobs WHERE state = 'queued' LIMIT 5 FOR UPDATE")
            await load.progress()
        await load.check(url)


async def test_a_lock_on_the_whole_table_is_waited_out(url: str) -> None:
    async with Load(url) as load, session(url) as other, session(url) as watcher:
        await load.progress()
        async with other.transaction():
            await other.execute("LOCK TABLE headrace.jobs IN ACCESS EXCLUSIVE MODE")
            while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
        await load.progress()
        await load.check(url)


async def test_connections_that_went_silent_are_given_up(own_server: Server, url: str) -> None:
    async with Proxy(own_server.port) as proxy:
        through = url.replace(f":{own_server.port}/", f":{proxy.port}/")
        async with Load(f"{through}?timeout=2") as load:
            await load.progress()
            proxy.freeze()
            await load.progress()
            await load.check(url)


async def test_a_standby_takes_over() -> None:
    # The standby is synchronous: with an asynchronous one, what was acknowledged last may not have reached it.
    with Server(DURABLE) as primary, Server(DURABLE, standby_of=primary) as standby:
        async with session(primary.url()) as admin:
            for name, value in (("synchronous_standby_names", "*"), ("synchronous_commit", "on")):
                await admin.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            await admin.execute("SELECT pg_reload_conf()")
        both = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
        async with Load(f"{both}?target_session_attrs=read-write&timeout=5") as load:
            await load.progress()
            primary.stop(signal.SIGQUIT)
            standby.promote()
            await load.progress()
            await load.check(standby.url())


@pytest.mark.skipif(which("prlimit") is None, reason="needs prlimit of util-linux")
async def test_a_full_disk_is_named_and_work_goes_on_when_there_is_space(own_server: Server, url: str) -> None:
    async with Load(url) as load:
        await load.progress()
        own_server.limit_files(FILE_SIZE_MAX)
        try:
            with pytest.raises(StorageFull):
                await fill(load.app.backend.kv)
        finally:
            own_server.limit_files(None)
        await load.progress()
        await load.check(url)
