"""The caller's own connection, whatever library it is of: the same verbs, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from headrace.backends.postgres.faults import translate
from headrace.backends.postgres.location import Location, masked
from headrace.backends.postgres.session import PooledSession, Runner, Session
from headrace.errors import Unsupported
from headrace.storage.clock import Clock

T = TypeVar("T")


class CallersRunner:
    """Runs verbs on a connection of the caller's. It commits nothing; signals go out in the caller's commit."""

    def __init__(self, connection: Any, location: Location, clock: Clock | None) -> None:
        self._connection = connection
        self._location = location
        self._clock = clock

    async def run(self, verb: Callable[[Session], Awaitable[T]], *, transaction: bool = False) -> T:
        session = PooledSession(self._connection, self._location.schema, self._clock)
        try:
            async with self._connection.transaction():
                return await verb(session)
        except Exception as error:
            raise translate(error, masked(self._location.dsn)) from error


def callers_runner(connection: object, location: Location, clock: Clock | None) -> Runner:
    """A runner on the caller's connection. Raises Unsupported for what is none."""
    if isinstance(connection, asyncpg.Connection):
        return CallersRunner(connection, location, clock)
    kind = type(connection)
    raise Unsupported(
        f"cannot act inside a transaction of {kind.__module__}.{kind.__qualname__}: pass a connection of asyncpg, "
        "psycopg 3, SQLAlchemy or Django to the same database"
    )
