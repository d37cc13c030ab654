"""What an interrupted connection is to those who use it: one line of log, and the next call on another one."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg
import psutil
import pytest

from headrace import Headrace
from headrace.backends.postgres import PostgresBackend
from headrace.backends.postgres import session as postgres_session
from headrace.backends.postgres import signals as postgres_signals
from headrace.backends.postgres.faults import translate
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.signals import PostgresSignalBus
from headrace.engine import leader, registry
from headrace.errors import Unavailable
from headrace.storage.signals import WORK, topic
from headrace.testing.conformance.builders import enqueue, job
from tests.postgres.proxy import Proxy
from tests.postgres.server import Server

PATIENCE_S = 30
REFUSALS = 5


async def test_connections_that_were_ended_while_nobody_used_them_fail_no_call(database: str, server: Server) -> None:
    backend = PostgresBackend(database)
    await backend.open()
    admin = await asyncpg.connect(server.url())
    try:
        before = _sockets()
        await asyncio.gather(*(enqueue(backend, job()) for _ in range(5)))
        ours = _sockets() - before
        assert ours
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headrace'"
        )
        async with asyncio.timeout(PATIENCE_S):
            while _sockets() & ours:
                await admin.fetchval("SELECT 1")
        for _ in ours:
            await enqueue(backend, job())
    finally:
        await admin.close()
        await backend.close()


def _sockets() -> set[Any]:
    """The local ends of what this process has open."""
    return {each.laddr for each in psutil.Process().net_connections("tcp")}


def test_a_call_whose_connection_is_just_being_ended_may_be_repeated() -> None:
    error = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(translate(error, "here"), Unavailable)


async def test_an_interruption_of_signals_is_told_once_and_so_is_its_end(
    database: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_signals, "RECONNECT_S_MAX", 0.01)
    refusals = iter(range(REFUSALS))

    async def connect() -> Any:
        if next(refusals, None) is not None:
            raise Unavailable("the server cannot be reached")
        return await asyncpg.connect(database)

    async def notify(channel: str, payload: str) -> None: ...

    bus = PostgresSignalBus("headrace", connect, notify)
    caplog.set_level(logging.INFO, "headrace.postgres")
    async with asyncio.timeout(PATIENCE_S):
        bus.open(listens=True)
        try:
            async with bus.subscribe([WORK]):  # which waits until there is something to hear
                pass
        finally:
            await bus.close()
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "signals are interrupted", "signals are heard again",
    ]  # fmt: skip


async def test_a_process_that_only_listens_notices_a_connection_that_went_silent(
    database: str, entrance: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_signals, "SIGN_OF_LIFE_S", 0.01)
    async with Proxy(entrance) as proxy, asyncio.timeout(PATIENCE_S):
        backend = PostgresBackend(database.replace(f":{entrance}/", f":{proxy.port}/") + "?timeout=1")
        await backend.open()
        try:
            async with backend.signals.subscribe([WORK]) as heard:
                proxy.freeze()
                assert await anext(heard) == topic(WORK, "*")  # from the connection that follows: look everywhere
        finally:
            await backend.close()


async def test_a_worker_whose_store_went_silent_stops_soon_all_the_same(
    database: str, entrance: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (leader, registry, postgres_session):
        monkeypatch.setattr(module, "GOODBYE_S_MAX", 0.1)
    async with Proxy(entrance) as proxy:
        app = Headrace(database.replace(f":{entrance}/", f":{proxy.port}/") + "?timeout=600")
        async with app:
            worker = app.worker()
            await worker.start()
            proxy.silence()
            async with asyncio.timeout(PATIENCE_S):
                await worker.stop()


async def test_a_cancelled_transaction_does_not_wait_for_a_server_that_went_silent(
    database: str, entrance: int
) -> None:
    asked = asyncio.Event()

    async def verb(session: Session) -> None:
        proxy.silence()
        asked.set()
        await session.text("SELECT 1")

    async with Proxy(entrance) as proxy:
        backend = PostgresBackend(database.replace(f":{entrance}/", f":{proxy.port}/") + "?timeout=600")
        await backend.open()
        try:
            call = asyncio.create_task(backend._pool.run(verb, transaction=True))
            await asked.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                async with asyncio.timeout(PATIENCE_S):
                    await call
        finally:
            await backend.close()


async def test_a_process_listens_from_its_first_subscription_on(database: str) -> None:
    listened: list[str] = []

    class Recording(asyncpg.Connection):
        async def add_listener(self, channel: str, callback: Any) -> None:
            listened.append(channel)
            await super().add_listener(channel, callback)

    async def connect() -> Any:
        return await asyncpg.connect(database, connection_class=Recording)

    async def notify(channel: str, payload: str) -> None: ...

    bus, other = PostgresSignalBus("headrace", connect, notify), PostgresBackend(database)
    await other.open()
    bus.open(listens=True)
    try:
        async with asyncio.timeout(PATIENCE_S), other.signals.subscribe([WORK]) as there:
            await bus.publish([topic(WORK, "mail")])
            while await anext(there) != topic(WORK, "mail"):
                pass
            assert listened == []
            async with bus.subscribe([WORK]) as here:
                assert listened == ["headrace_headrace"]
                await other.signals.publish([topic(WORK, "post")])
                while await anext(here) != topic(WORK, "post"):
                    pass
    finally:
        await bus.close()
        await other.close()
