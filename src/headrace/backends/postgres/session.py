"""Where statements run: on a connection of headrace's own pool, or on one of the caller's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Protocol, TypeVar

import asyncpg

from headrace.backends.postgres.faults import translate
from headrace.backends.postgres.location import Location, masked
from headrace.backends.postgres.statements import sql
from headrace.errors import Unavailable
from headrace.storage.clock import Clock

T = TypeVar("T")
Row = Sequence[Any]

CONNECT_S_MAX = 10.0
GOODBYE_S_MAX = 1.0
"""A server hangs up at once on a connection that is closed in good order; one that does not is not waited for."""

AT_HAND_MAX = 2
"""Connections that stay taken between calls: one for claims and one for finishes. To take one out of asyncpg's pool and
to put it back takes as long as a small statement."""

SETTINGS = {
    "application_name": "headrace",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""The plans of headrace's own statements do not depend on their values; PostgreSQL would make each of them five times
before it believes that. They are often made while the tables are empty, when reading one whole is cheapest, and kept
while these grow: so that is ruled out. Each statement finds its rows by an index. Searches, which differ, say so
themselves. See decision 52."""


class Session(Protocol):
    """Statements of one schema on one connection."""

    @property
    def schema(self) -> str: ...
    @property
    def now(self) -> datetime | None:
        """The instant to bind, None for the server's own."""
        ...

    @property
    def mono(self) -> datetime | None:
        """The same for leases, locks and times to live."""
        ...

    @property
    def channel(self) -> str | None:
        """The channel on which a statement may itself send signals; None where that waits for the commit."""
        ...

    async def rows(self, name: str, *values: Any) -> Sequence[Row]:
        """Run ``sql/NAME.sql``."""
        ...

    async def text(self, statement: str, *values: Any) -> Sequence[Row]:
        """Run a statement that was put together, of headrace's own words and placeholders alone."""
        ...

    async def copy(self, table: str, columns: Sequence[str], data: bytes) -> bool:
        """Append rows, in COPY's binary format; False where this connection cannot."""
        ...

    def announce(self, topics: Iterable[str]) -> None:
        """Note signals that are to be sent once this has committed."""
        ...


class Runner(Protocol):
    """What runs verbs: the pool, or the caller's connection.

    A verb that is ``bare`` is one statement that tells of itself, and fails only where the transaction is lost anyway.
    """

    async def run(
        self, verb: Callable[[Session], Awaitable[T]], *, transaction: bool = False, bare: bool = False
    ) -> T: ...


class ClockedSession:
    """What sessions share: the connection, the schema, the clock, and the signals to be sent."""

    def __init__(self, connection: Any, schema: str, clock: Clock | None, channel: str | None = None) -> None:
        self.connection = connection
        self._clock = clock
        self.schema = schema
        self.channel = channel
        self.topics: dict[str, None] = {}

    @property
    def now(self) -> datetime | None:
        return None if self._clock is None else self._clock.now()

    @property
    def mono(self) -> datetime | None:
        return None if self._clock is None else datetime.fromtimestamp(self._clock.monotonic(), UTC)

    def announce(self, topics: Iterable[str]) -> None:
        self.topics.update(dict.fromkeys(topics))


class PooledSession(ClockedSession):
    """A session on a connection of asyncpg's."""

    async def rows(self, name: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self.connection.fetch(sql(name, self.schema), *values)
        return rows

    async def text(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self.connection.fetch(statement, *values)
        return rows

    async def command(self, text: str) -> None:
        """Run statements without values or rows, in one call."""
        await self.connection.execute(text)

    async def copy(self, table: str, columns: Sequence[str], data: bytes) -> bool:
        await self.connection.copy_to_table(
            table, source=BytesIO(data), schema_name=self.schema, columns=columns, format="binary"
        )
        return True


class OwnConnection(asyncpg.Connection):
    """A connection that is handed back as it is: headrace changes nothing of its session."""

    def get_reset_query(self) -> str:
        return ""


class Pool:
    """The connections of one backend on one event loop, and the running of verbs on them.

    ``pooled``: a pooler of transactions stands before the server. Until ``open`` has found out, it is reckoned with.

    A verb that is cancelled is undone by the server, or has happened whole: a call that was sent is waited for, as a
    cancelled one could leave its caller not knowing which.
    """

    def __init__(self, location: Location, clock: Clock | None, announce: Callable[[Iterable[str]], None]) -> None:
        self.location = location
        self._clock = clock
        self._announce = announce
        self._pool: asyncpg.Pool[Any] | None = None
        self._at_hand: list[Any] = []
        self._awaited = 0
        self._where = masked(location.dsn)
        self.pooled = True if location.pgbouncer is None else location.pgbouncer
        self._connect_s = min(CONNECT_S_MAX, location.timeout)

    async def open(self) -> None:
        """Connect. Raises Unavailable."""
        if self.location.pgbouncer is None:
            self.pooled = await self.connecting(self._is_pooled())
        self._pool = await self.connecting(
            asyncpg.create_pool(
                self.location.dsn,
                min_size=0,  # opening looks at the schema, so one is open then; asyncpg would log each try to keep one
                max_size=max(1, self.location.connections - 1),
                connection_class=OwnConnection,
                command_timeout=self.location.timeout,
                timeout=self._connect_s,
                max_inactive_connection_lifetime=300,
                **self.settings(),
            )
        )

    def settings(self) -> dict[str, Any]:
        """What every connection of headrace's own is opened with."""
        if self.pooled:
            return {"statement_cache_size": 0}
        return {
            "statement_cache_size": 200,
            "server_settings": SETTINGS,
        }

    async def _is_pooled(self) -> bool:
        """Whether something stands between here and the server: then its process has another number than it says."""
        connection = await asyncpg.connect(self.location.dsn, timeout=self._connect_s, statement_cache_size=0)
        try:
            async with connection.transaction():
                return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
        finally:
            connection.terminate()

    async def connecting(self, connecting: Awaitable[T]) -> T:
        """Wait for a connection, in headrace's words."""
        try:
            return await connecting
        except Exception as error:
            raise translate(error, self._where) from error

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            while self._at_hand:
                await _put_back(pool, self._at_hand.pop())
            idle = pool.get_idle_size() == pool.get_size()
            try:
                async with asyncio.timeout(GOODBYE_S_MAX if idle else CONNECT_S_MAX):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def run(self, verb: Callable[[Session], Awaitable[T]], *, transaction: bool = False, bare: bool = False) -> T:
        """Run a verb; it has committed when this returns, and its signals are on their way."""
        try:
            pool, connection = await self._take()
            session = PooledSession(connection, self.location.schema, self._clock)
            try:
                reply = await self._run_on(session, verb, transaction)
            except BaseException:
                await _put_back(pool, connection)
                raise
            if pool is self._pool and self._has_room:
                self._at_hand.append(connection)
            else:
                await _put_back(pool, connection)
        except Exception as error:
            raise translate(error, self._where) from error
        if session.topics:
            self._announce(session.topics)
        return reply

    async def _run_on(self, session: PooledSession, verb: Callable[[Session], Awaitable[T]], transaction: bool) -> T:
        connection = session.connection
        try:
            if self._clock is not None:  # triggers cannot be handed an instant otherwise
                await connection.execute("SELECT set_config('headrace.now', $1, false)", str(session.now))
            if not transaction and not self.pooled:  # a pooler keeps to one server for as long as a transaction
                return await verb(session)
            return await _in_transaction(session, verb)
        except (TimeoutError, asyncio.CancelledError):
            # It may lead nowhere, or to a server that is stuck and would not even hear of a cancellation.
            connection.terminate()
            raise

    @property
    def _has_room(self) -> bool:
        """Whether one more may stay at hand: not while a call waits for the pool to give it one."""
        return not self._awaited and len(self._at_hand) < AT_HAND_MAX

    async def _take(self) -> tuple[asyncpg.Pool[Any], Any]:
        """A connection, and the pool that it is to be handed back to."""
        pool = self._pool
        if pool is None:
            raise Unavailable(f"the store {self._where} is not open")
        while self._at_hand:
            connection = self._at_hand.pop()
            if _is_open(connection):
                return pool, connection
            await _put_back(pool, connection)
        self._awaited += 1
        try:
            return pool, await pool.acquire(timeout=self.location.timeout)
        finally:
            self._awaited -= 1

    async def notify(self, channel: str, payload: str) -> None:
        """Send a signal on one of the connections there are."""
        await self.run(lambda session: session.rows("notify", channel, payload))

    async def dedicated(self) -> asyncpg.Connection[Any]:
        """A connection beside the pool, for LISTEN."""
        return await self.connecting(
            asyncpg.connect(
                self.location.dsn, timeout=self._connect_s, command_timeout=self.location.timeout, **self.settings()
            )
        )


async def _in_transaction(session: PooledSession, verb: Callable[[Session], Awaitable[T]]) -> T:
    """Commit what a verb has done, or undo it. Where that is interrupted, the server undoes it for want of a client."""
    transaction = session.connection.transaction()
    await transaction.start()
    try:
        reply = await verb(session)
    except (TimeoutError, asyncio.CancelledError):
        raise  # to roll back would be to wait, on a connection that may lead nowhere
    except BaseException:
        await transaction.rollback()
        raise
    await transaction.commit()
    return reply


def _is_open(connection: Any) -> bool:
    """Whether a connection is still one. The pool takes one back that the server ended, and then it answers nothing."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


async def _put_back(pool: asyncpg.Pool[Any], connection: Any) -> None:
    """Hand a connection back, whatever state it is in."""
    # One that cannot be handed back is closed by asyncpg, which then raises: that must not take the place of what the
    # caller is told, least of all of a cancellation.
    with suppress(Exception):
        await pool.release(connection)
