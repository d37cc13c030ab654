"""Opening a connection with the settings headrace relies on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import apsw

from headrace.backends.sqlite.faults import is_driver_error, translate
from headrace.backends.sqlite.location import Location
from headrace.errors import Unavailable

CACHE_KIB = 8_192
"""Page cache of a connection. The hot pages are few; the rest is the operating system's to cache."""

STATEMENT_CACHE = 256
"""Prepared statements kept: all of ours, with the few sizes of multi-row inserts."""


def connect(location: Location, *, reading: bool = False) -> apsw.Connection:
    """Open a connection in WAL mode. Raises StorageError subclasses that name the file."""
    path = location.path
    try:
        connection = _open(location)
    except Exception as error:
        raise translate(error, str(path)) from error
    try:
        _configure(connection, location, reading=reading)
    except BaseException as error:
        connection.close()
        if isinstance(error, Exception) and is_driver_error(error):
            raise translate(error, str(path)) from error
        raise
    return connection


def _open(location: Location) -> apsw.Connection:
    if location.driver == "apsw":
        connection = apsw.Connection(str(location.path), statementcachesize=STATEMENT_CACHE)
        # Without the planner's stability guarantee a bound LIMIT is part of the plan, and SQLite compiles the statement
        # anew each time it is bound: 200 us for every claim.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        return connection
    # Imported here, because a process that does not ask for it shall not load a second copy of SQLite.
    from headrace.backends.sqlite.standard import open_standard

    return cast("apsw.Connection", open_standard(location))


def _configure(connection: apsw.Connection, location: Location, *, reading: bool) -> None:
    connection.set_busy_timeout(int(location.busy_timeout.total_seconds() * 1000))
    mode = connection.pragma("journal_mode", "wal")
    if mode != "wal":
        raise Unavailable(f"{location.path} cannot be put into WAL mode (it is in {mode!r} mode)")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("temp_store", "memory")
    connection.pragma("foreign_keys", False)
    connection.wal_autocheckpoint(0)
    if reading:
        connection.pragma("query_only", True)


def file_identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that takes its place: device and number. None when there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def file_sizes(path: Path) -> tuple[int, int]:
    """Bytes of the database file and of its write-ahead log."""
    sizes = []
    for each in (path, path.with_name(path.name + "-wal")):
        try:
            sizes.append(os.stat(each).st_size)
        except OSError:
            sizes.append(0)
    return sizes[0], sizes[1]


def sqlite_version(location: Location) -> str:
    """The version of the copy of SQLite in use."""
    if location.driver == "apsw":
        return apsw.sqlite_lib_version()
    import sqlite3

    return sqlite3.sqlite_version
