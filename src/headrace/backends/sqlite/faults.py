"""What SQLite reports, in headrace's words. One table for apsw and for the standard library's module."""

from __future__ import annotations

from headrace.errors import (
    HeadraceError,
    ReadOnly,
    StorageCorrupt,
    StorageError,
    StorageFull,
    TooLarge,
    Unavailable,
    Unsupported,
)

# Primary result codes, from https://sqlite.org/rescode.html
_PERM, _BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _TOOBIG, _NOTADB = (
    3, 5, 6, 8, 10, 11, 13, 14, 18, 26,
)  # fmt: skip


def translate(error: Exception, path: str) -> HeadraceError:
    """The StorageError for what a driver raised; a HeadraceError is passed on as it is."""
    if isinstance(error, HeadraceError):
        return error
    code = _primary_code(error)
    kind, text = _KINDS.get(code, (StorageError, "unexpected {error} from {path}"))
    translated = kind(f"{text.format(path=path, error=type(error).__name__)} (the driver says: {error})")
    translated.__cause__ = error
    return translated


_KINDS: dict[int | None, tuple[type[StorageError], str]] = {
    _BUSY: (
        Unavailable,
        "another program kept {path} locked for longer than the busy timeout; look there for a long transaction",
    ),
    _LOCKED: (Unavailable, "a table of {path} is locked by the same connection"),
    _READONLY: (
        ReadOnly,
        "{path} cannot be written: check the permissions of the file, of its -wal and -shm files and of the folder",
    ),
    _PERM: (ReadOnly, "no permission for {path}"),
    _IOERR: (Unavailable, "reading or writing {path} failed"),
    _CORRUPT: (
        StorageCorrupt,
        "{path} is damaged. Stop the workers, keep a copy of the file with its -wal, and run 'headrace store check'",
    ),
    _NOTADB: (StorageCorrupt, "{path} is not an SQLite database, or its first page is damaged"),
    _FULL: (StorageFull, "no space is left for {path}; nothing of this call was written. Free some space and go on"),
    _CANTOPEN: (Unavailable, "{path} cannot be opened: check that its folder exists and can be written"),
    _TOOBIG: (TooLarge, "a value is larger than SQLite can store in {path}"),
}


def _primary_code(error: Exception) -> int | None:
    code = getattr(error, "extendedresult", None)
    if code is None:
        code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def is_driver_error(error: Exception) -> bool:
    """True for what apsw and sqlite3 raise for a result code of SQLite."""
    return _primary_code(error) is not None


def refuse_connection(connection: object) -> Unsupported:
    """The error for a connection that ``within`` cannot use."""
    kind = type(connection)
    return Unsupported(
        f"cannot act inside a transaction of {kind.__module__}.{kind.__qualname__}: "
        "pass a sqlite3.Connection or an apsw.Connection that is open on the same file"
    )


def refuse_driver(theirs: str, ours: str, path: str) -> Unsupported:
    """The error for a connection of the other copy of SQLite than the one headrace uses in this process."""
    return Unsupported(
        f"your connection is {theirs}'s, but this app opens {path} with {ours}: two copies of SQLite in one process "
        "undo each other's locks on a file, and stored jobs can be lost. Make the app with "
        f"sqlite:///...?driver={theirs}, or open your connection with {ours}"
    )
