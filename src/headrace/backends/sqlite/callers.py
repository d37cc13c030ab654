"""Acting inside the caller's own transaction, on the caller's connection and thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from headrace.backends.sqlite.faults import is_driver_error, refuse_connection, refuse_driver, translate
from headrace.backends.sqlite.location import Location
from headrace.backends.sqlite.schema import VERSION
from headrace.backends.sqlite.statements import sql
from headrace.backends.sqlite.transaction import Transaction
from headrace.errors import SchemaOutdated, Unsupported

T = TypeVar("T")


class CallersConnection:
    """Runs verbs at once on a connection that is not ours; the caller commits or rolls back.

    Each verb is inside a savepoint, so that one that fails leaves nothing behind in the caller's transaction.
    """

    def __init__(self, connection: Any, location: Location, begin: Callable[[Any], Transaction]) -> None:
        self._connection = connection
        self._path = location.path
        self._begin = begin
        _check_kind(connection, location)
        self._guard(self._check_database)

    async def run(
        self,
        verb: Callable[[Transaction], T],
        *,
        durable: bool = True,
        shortcut: Callable[[Transaction], T | None] | None = None,
    ) -> T:
        """Run a verb now. Never suspends. ``durable`` is for the caller's commit to decide."""
        return self._guard(lambda: self._in_savepoint(verb))

    def _guard(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except Exception as error:
            if is_driver_error(error):
                raise translate(error, str(self._path)) from error
            raise

    def _in_savepoint(self, verb: Callable[[Transaction], T]) -> T:
        connection = self._connection
        if not connection.in_transaction and getattr(connection, "isolation_level", None) is not None:
            # The standard library opens a transaction before the first INSERT, but not before a SAVEPOINT.
            connection.execute("BEGIN")
        connection.execute("SAVEPOINT headrace")
        try:
            transaction = self._begin(connection)
            reply = verb(transaction)
            transaction.flush()
        except BaseException:
            connection.execute("ROLLBACK TO headrace")
            connection.execute("RELEASE headrace")
            raise
        connection.execute("RELEASE headrace")
        return reply

    def _check_database(self) -> None:
        for _, name, file in list(self._connection.execute("PRAGMA database_list")):
            if name == "main" and not (file and self._path.exists() and self._path.samefile(file)):
                raise Unsupported(
                    f"the connection is open on {file or 'a database in memory'}, but this app's jobs are in "
                    f"{self._path}: a transaction cannot span both. Point both at the same file"
                )
        stored = [row[0] for row in list(self._connection.execute(sql("get_meta"), ("schema",)))]
        if stored != [str(VERSION)]:
            raise SchemaOutdated(f"{self._path} has schema {stored}, and this release of headrace knows {VERSION}")


def _check_kind(connection: object, location: Location) -> None:
    standard = sys.modules.get("sqlite3")
    if isinstance(connection, apsw.Connection):
        kind = "apsw"
    elif standard is not None and isinstance(connection, standard.Connection):
        kind = "sqlite3"
    else:
        raise refuse_connection(connection)
    if kind != location.driver:
        raise refuse_driver(kind, location.driver, str(location.path))
