"""The standard library's module in the place of apsw: for a process whose own code has the file open with it.

Two copies of SQLite in one process, apsw's and the system's, do not see each other's locks, because POSIX locks belong
to the process: both can write at once, and closing a file in one lets go of the locks of the other. An acknowledged
enqueue can then vanish. So a process uses one of the two for a file, and ``?driver=sqlite3`` says which.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from headrace.backends.sqlite.location import Location
from headrace.errors import Unsupported

STATEMENT_CACHE = 256

VERSION_MIN = (3, 38, 0)
"""The first with STRICT tables, RETURNING and JSON functions in every build."""


class StandardConnection(sqlite3.Connection):
    """A connection of the standard library with those methods of ``apsw.Connection`` that headrace uses."""

    def pragma(self, name: str, value: object = None) -> Any:
        """Read or set a pragma; answers the first value."""
        given = "" if value is None else f" = {int(value) if isinstance(value, bool) else value}"
        for row in self.execute(f"PRAGMA {name}{given}").fetchall():
            return row[0]
        return None

    def set_busy_timeout(self, milliseconds: int) -> None:
        """How long to wait for another process's transaction."""
        self.pragma("busy_timeout", milliseconds)

    def wal_autocheckpoint(self, pages: int) -> None:
        """Leave SQLite's own checkpoints on: without a hook at the commit nobody else would make them."""

    def set_wal_hook(self, hook: Callable[..., int]) -> None:
        """There is no such hook here."""


def open_standard(location: Location) -> StandardConnection:
    """Open the file. Every statement is its own transaction unless BEGIN says otherwise, as with apsw.

    Raises Unsupported where Python brings a SQLite that cannot read the schema.
    """
    if sqlite3.sqlite_version_info < VERSION_MIN:
        least = ".".join(map(str, VERSION_MIN))
        raise Unsupported(
            f"driver=sqlite3 needs SQLite {least} or newer, and this Python brings {sqlite3.sqlite_version}. Use a "
            "newer build of Python, or leave driver out and open your own connections with apsw"
        )
    return sqlite3.connect(
        location.path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENT_CACHE,
        factory=StandardConnection,
    )
