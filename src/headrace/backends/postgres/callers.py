"""The caller's own connection, whatever library it is of: the same verbs, in the caller's transaction.

Each verb is inside a savepoint, so that one that fails leaves the caller's transaction usable. But a plain job is one
statement without one, for nothing of it can be refused. Signals are sent by the caller's commit, with NOTIFY.
Connections are known by the library that their class, or one it inherits from, comes from: so none of psycopg,
SQLAlchemy and Django is needed or loaded here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from inspect import isawaitable
from typing import Any, TypeVar

from headrace.backends.postgres.faults import translate
from headrace.backends.postgres.location import Location, masked
from headrace.backends.postgres.session import ClockedSession, PooledSession, Row, Runner, Session
from headrace.backends.postgres.signals import channel_of, payloads
from headrace.backends.postgres.statements import sql
from headrace.errors import Unsupported
from headrace.storage.clock import Clock

T = TypeVar("T")

DRIVERS = frozenset({"asyncpg", "psycopg"})
ABOVE_DRIVERS = frozenset({"sqlalchemy", "django"})

SAVEPOINT, RELEASE, BACK = "SAVEPOINT headrace", "RELEASE SAVEPOINT headrace", "ROLLBACK TO SAVEPOINT headrace"


class PsycopgSession(ClockedSession):
    """A session on a connection of psycopg 3's: a synchronous one never suspends, and so stays on its thread."""

    def __init__(self, connection: Any, schema: str, clock: Clock | None, channel: str) -> None:
        super().__init__(connection, schema, clock, channel)
        import psycopg

        self._awaits = isinstance(connection, psycopg.AsyncConnection)
        self._cursor: Any = (psycopg.AsyncRawCursor if self._awaits else psycopg.RawCursor)(connection)

    async def rows(self, name: str, *values: Any) -> Sequence[Row]:
        return await self.text(sql(name, self.schema), *values)

    async def text(self, statement: str, *values: Any) -> Sequence[Row]:
        executing = self._cursor.execute(statement, values)
        if self._awaits:
            await executing
        if self._cursor.description is None:
            return []
        rows: Sequence[Row] = await self._cursor.fetchall() if self._awaits else self._cursor.fetchall()
        return rows

    async def command(self, text: str) -> None:
        """Run statements without values or rows, in one call."""
        executing = self._cursor.execute(text)
        if self._awaits:
            await executing

    async def copy(self, table: str, columns: Sequence[str], data: bytes) -> bool:
        return False


class CallersRunner:
    """Runs verbs on a connection that is not headrace's; the caller commits or rolls back."""

    def __init__(self, connection: Any, library: str, location: Location, clock: Clock | None) -> None:
        self._connection = connection
        self._library: str | None = library
        self._location = location
        self._clock = clock
        self._channel = channel_of(location.schema)

    async def run(self, verb: Callable[[Session], Awaitable[T]], *, transaction: bool = False, bare: bool = False) -> T:
        try:
            session = await self._session()
            if bare:
                return await verb(session)
            await session.command(SAVEPOINT)
            try:
                reply = await verb(session)
            except BaseException:
                await session.command(BACK)
                raise
            await session.command("; ".join([RELEASE, *self._notifications(session)]))
        except Exception as error:
            raise translate(error, masked(self._location.dsn)) from error
        return reply

    async def _session(self) -> PsycopgSession | PooledSession:
        connection, library = self._connection, self._library
        if library in ABOVE_DRIVERS:
            connection = await _driver_connection(connection, library)
            library = library_of(connection)
        if library == "psycopg":
            return PsycopgSession(connection, self._location.schema, self._clock, self._channel)
        if library != "asyncpg":
            raise refuse_connection(connection)
        if not connection.is_in_transaction():
            raise Unsupported(
                "the connection is in no transaction: enqueue inside 'async with connection.transaction():', or leave "
                "connection out"
            )
        return PooledSession(connection, self._location.schema, self._clock, self._channel)

    def _notifications(self, session: ClockedSession) -> Iterator[str]:
        for payload in payloads(session.topics):
            quoted = payload.replace("\\", r"\\").replace("'", "''")
            yield f"NOTIFY \"{self._channel}\", E'{quoted}'"


def library_of(connection: object) -> str | None:
    """The library that a connection is of; None for none that is known.

    >>> library_of({}) is None
    True
    """
    kind = type(connection)
    library = _libraries.get(kind)
    if library is None:
        names = (base.__module__.partition(".")[0] for base in kind.__mro__)
        library = next((name for name in names if name in DRIVERS or name in ABOVE_DRIVERS), None)
        if library is not None:
            _libraries[kind] = library
    return library


_libraries: dict[type, str] = {}
"""Of the classes met so far: looking at where each comes from takes longer than making the job."""


async def _driver_connection(connection: Any, library: str) -> Any:
    """The driver's connection below those of SQLAlchemy and Django, with its transaction begun."""
    if library == "django":
        connection.ensure_connection()
        return connection.connection
    if hasattr(connection, "add"):  # a session, which objects are added to
        connection = connection.connection()
        if isawaitable(connection):
            connection = await connection
    if not hasattr(connection, "get_raw_connection"):
        return connection.connection.driver_connection
    # SQLAlchemy begins asyncpg's transaction with the first statement that goes through it.
    await connection.exec_driver_sql("SELECT 1")
    return (await connection.get_raw_connection()).driver_connection


def callers_runner(connection: object, location: Location, clock: Clock | None) -> Runner:
    """A runner on the caller's connection. Raises Unsupported for what is none."""
    library = library_of(connection)
    if library is None:
        raise refuse_connection(connection)
    return CallersRunner(connection, library, location, clock)


def refuse_connection(connection: object) -> Unsupported:
    """The error for a connection that ``within`` cannot use."""
    kind = type(connection)
    return Unsupported(
        f"cannot act inside a transaction of {kind.__module__}.{kind.__qualname__}: pass a connection of asyncpg, "
        "psycopg 3, SQLAlchemy (on one of these drivers) or Django to the same database"
    )
