"""Checks of the installation: interpreter, libraries, clock."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.util import find_spec

from headrace.cli.doctor.findings import Finding, fault, ok, warning

PYTHON_MIN = (3, 11)
SQLITE_FIXED = (3, 51, 3)
"""Older SQLite can lose the end of a write-ahead log when two processes restart it at once."""

RELEASED = datetime(2025, 1, 1, tzinfo=UTC)


def check_host() -> list[Finding]:
    """All checks that need no store."""
    return [_python(), _apsw(), _own_sqlite(), _extras(), _clock()]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON_MIN:
        return ok("python", version)
    return fault("python", f"{version} is too old", "install Python 3.11 or newer")


def _apsw() -> Finding:
    try:
        import apsw
    except ImportError as error:
        return fault("apsw", f"cannot be imported: {error}", "pip install --force-reinstall apsw")
    version = apsw.sqlite_lib_version()
    if _numbers(version) < SQLITE_FIXED:
        return fault(
            "apsw", f"brings SQLite {version}, which can damage a shared file", "pip install --upgrade 'apsw>=3.51.3.0'"
        )
    return ok("apsw", f"{apsw.apsw_version()} with SQLite {version}")


def _own_sqlite() -> Finding:
    """The standard library's SQLite matters to programs that enqueue within transactions of their own."""
    import sqlite3

    version = sqlite3.sqlite_version
    if _numbers(version) >= SQLITE_FIXED:
        return ok("sqlite3", version)
    return warning(
        "sqlite3",
        f"this Python's own sqlite3 is {version} and has the WAL-reset bug (fixed in 3.51.3), which can damage a file",
        "headrace itself uses apsw; open the jobs' file with apsw too where you enqueue in your own transactions",
    )


def _extras() -> Finding:
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        return warning("extras", f"{' and '.join(missing)} not installed", "pip install 'headrace[cli]'")
    return ok("extras", "click, rich")


def _clock() -> Finding:
    now = datetime.now(UTC)
    if now < RELEASED:
        return fault("clock", f"this host says it is {now:%Y-%m-%d}", "set the clock, for instance with NTP")
    return ok("clock", f"{now:%Y-%m-%dT%H:%M:%SZ}")


def _numbers(version: str) -> tuple[int, ...]:
    """
    >>> _numbers("3.51.3")
    (3, 51, 3)
    """
    return tuple(int(part) for part in version.split(".")[:3])
