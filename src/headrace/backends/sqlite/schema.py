"""The schema and its version. Migrations are named .sql files, applied in order, each in the same transaction."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib import resources
from pathlib import Path

import apsw

from headrace.backends.sqlite.lane_triggers import lanes_unwatched, watch_lanes
from headrace.backends.sqlite.statements import split, sql
from headrace.errors import SchemaOutdated, StorageCorrupt

MIGRATIONS = (
    "0001_foundation",
    "0002_unique",
    "0003_limits",
    "0004_fingerprints",
    "0005_events",
    "0006_usage",
    "0007_lane_triggers",
    "0009_failures_counted",
)
VERSION = len(MIGRATIONS)


def prepare(connection: apsw.Connection, path: Path) -> None:
    """Make or upgrade the schema, with the triggers it needs, and void the leases of an earlier boot of the host.

    One transaction. Raises SchemaOutdated when the file was written by a newer release.
    """
    if (
        current_version(connection) == VERSION
        and _stored(connection, "boot") == boot_id()
        and not lanes_unwatched(connection)
    ):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _upgrade(connection, path)
        _void_leases_of_earlier_boots(connection)
        if lanes_unwatched(connection):
            watch_lanes(lambda name: connection.execute(sql(name)))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _upgrade(connection: apsw.Connection, path: Path) -> None:
    version = current_version(connection)
    if version > VERSION:
        raise SchemaOutdated(
            f"{path} has schema {version}, and this release of headrace knows {VERSION}: upgrade headrace on this host"
        )
    for name in MIGRATIONS[version:]:
        for statement in split(script(name)):
            connection.execute(statement)
    connection.execute(sql("set_meta"), ("schema", str(VERSION)))


def script(name: str) -> str:
    """The statements of one migration."""
    return resources.files(__package__).joinpath("migrations", f"{name}.sql").read_text("utf-8")


def _void_leases_of_earlier_boots(connection: apsw.Connection) -> None:
    """The monotonic clock starts anew with the host, so what was counted by it before means nothing any more."""
    stored = _stored(connection, "boot")
    if stored == boot_id():
        return
    if stored is not None:
        connection.execute(sql("void_leases"))
        connection.execute(sql("void_locks"))
        connection.execute(sql("void_entries"))
        connection.execute(sql("void_buckets"))
        connection.execute(sql("void_openings"))
        connection.execute(sql("void_lanes"))
    connection.execute(sql("set_meta"), ("boot", boot_id()))


def current_version(connection: apsw.Connection) -> int:
    """The schema's version, 0 where there is none yet."""
    for _ in connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'headrace_meta'"):
        stored = _stored(connection, "schema")
        if stored is None or not stored.isdigit():
            raise StorageCorrupt(f"the table headrace_meta holds no usable schema version, but {stored!r}")
        return int(stored)
    return 0


def _stored(connection: apsw.Connection, key: str) -> str | None:
    for (value,) in connection.execute(sql("get_meta"), (key,)):
        return str(value)
    return None


@cache
def boot_id() -> str:
    """What names this run of the host's kernel, where it tells; the empty string where it does not."""
    linux = Path("/proc/sys/kernel/random/boot_id")
    if linux.exists():
        return linux.read_text("ascii").strip()
    if sys.platform == "darwin":
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()
    return ""
