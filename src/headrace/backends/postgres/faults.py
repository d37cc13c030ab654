"""What PostgreSQL and its drivers report, in headrace's words. Codes: the manual's appendix A, "Error Codes"."""

from __future__ import annotations

from headrace.backends.postgres.verbs.contended import Contended
from headrace.errors import (
    HeadraceError,
    ReadOnly,
    SchemaOutdated,
    StorageCorrupt,
    StorageError,
    StorageFull,
    TooLarge,
    Unavailable,
)

_BY_CODE: dict[str, tuple[type[StorageError], str]] = {
    "53100": (StorageFull, "no space is left on the disk of the server; nothing of this call was written"),
    "53300": (Unavailable, "the server takes no more connections: lower ?connections=, or raise max_connections"),
    "42501": (ReadOnly, "the database user lacks a permission: 'headrace store grants' prints what it needs"),
    "42P01": (SchemaOutdated, "a table of headrace is missing: run 'headrace store migrate up'"),
    "42703": (SchemaOutdated, "a column of headrace is missing: run 'headrace store migrate up'"),
    "3D000": (Unavailable, "the database does not exist: make it with createdb"),
    "28P01": (Unavailable, "the password was refused"),
    "28000": (Unavailable, "the server refused this user"),
    "25006": (ReadOnly, "this server is a standby, or its transactions are read-only"),
    "XX001": (StorageCorrupt, "the server reports damaged data; look at its log"),
    "XX002": (StorageCorrupt, "the server reports a damaged index; look at its log, and see REINDEX"),
    "57014": (
        Unavailable,
        "the server ended the statement: it took too long, or somebody asked. Search within a queue, a state or a time",
    ),
    "23505": (Contended, "another transaction stored the same at the same moment"),
    "54000": (TooLarge, "a value is larger than PostgreSQL can store"),
}
_BY_CLASS: dict[str, tuple[type[StorageError], str]] = {
    "08": (Unavailable, "the connection to the server broke"),
    "40": (Unavailable, "the server gave this transaction up for another one; nothing of it was written"),
    "53": (Unavailable, "the server lacks a resource"),
    "55": (Unavailable, "another session holds a lock for longer than lock_timeout"),
    "57": (Unavailable, "the server ended the call: it is restarting, or a time-out struck"),
    "58": (Unavailable, "the server met an error of its system"),
    "XX": (StorageError, "the server reports an internal error; look at its log"),
}

_GONE = {"ConnectionDoesNotExistError", "InternalClientError"}


def translate(error: BaseException, where: str) -> HeadraceError:
    """The StorageError for what a driver raised; a HeadraceError is passed on as it is."""
    if isinstance(error, HeadraceError):
        return error
    code = getattr(error, "sqlstate", None) or ""
    if code == "XX000" and "could not extend file" in str(error):
        code = "53100"  # at the largest file that its system allows; a full disk has the code of its own
    kind, text = _BY_CODE.get(code) or _BY_CLASS.get(code[:2]) or _by_type(error)
    translated = kind(f"{where}: {text} ({type(error).__name__}: {error})")
    translated.__cause__ = error
    return translated


def _by_type(error: BaseException) -> tuple[type[StorageError], str]:
    if isinstance(error, TimeoutError) and not error.args:  # asyncpg's, which says nothing; the system's has a number
        return Unavailable, "the server did not answer in time, see ?timeout="
    if isinstance(error, OSError | EOFError):
        return Unavailable, "the server cannot be reached"
    name = type(error).__name__
    # asyncpg's InternalClientError is what a call meets whose connection is just being ended by the server.
    if name in _GONE or "Interface" in name or "Operational" in name:
        return Unavailable, "the connection to the server is gone"
    return StorageError, "unexpected error"
