"""The schema and its version. Migrations are named .sql files, applied in order.

A migration ``NAME.sql`` adds; workers of the release before go on beside it. ``NAME.post.sql``, where there is one,
takes away what only they needed, once they are gone. ``NAME.down.sql`` is the way back, where there is one.
"""

from __future__ import annotations

from importlib import resources
from typing import Any, NamedTuple

import asyncpg

from headrace.backends.postgres.statements import named, plain
from headrace.errors import ReadOnly, SchemaOutdated

MIGRATIONS = ("0001_foundation", "0002_limits", "0003_access", "0004_events", "0005_usage", "0008_failures_counted")
VERSION = len(MIGRATIONS)


class Applied(NamedTuple):
    """What a schema holds: migrations up to ``version``, what comes after a deploy up to ``after``. Releases that know
    less than ``oldest`` migrations cannot work on it."""

    version: int
    after: int
    oldest: int


def script(name: str, schema: str) -> str | None:
    """The statements of one file of migrations; None where there is none of this name."""
    file = resources.files(__package__).joinpath("migrations", f"{name}.sql")
    return named(plain(file.read_text("utf-8")), schema) if file.is_file() else None


async def prepare(connection: Any, schema: str) -> None:
    """Make the schema in an empty database, and see that it is one this release can work on.

    An older one is left alone: other workers may be at work on it, and a change waits for locks. Raises SchemaOutdated
    with the command to run, and ReadOnly where there is no schema and this user may not make one.
    """
    found = await applied(connection, schema)
    if found.version == 0:
        try:
            await create(connection, schema)
        except asyncpg.InsufficientPrivilegeError as error:
            raise ReadOnly(
                f"there is no schema {schema!r} yet and this user may not make it: run 'headrace store migrate up' "
                "with the --store of a user who may, then 'headrace store grants' for this one"
            ) from error
    elif found.version < VERSION:
        raise SchemaOutdated(
            f"the schema {schema!r} has version {found.version} and this release needs {VERSION}: run "
            "'headrace store migrate up'; workers of the release before may go on meanwhile"
        )
    elif found.oldest > VERSION:
        raise SchemaOutdated(
            f"the schema {schema!r} has version {found.version}, which releases from {found.oldest} on understand, and "
            f"this release of headrace knows {VERSION}: upgrade headrace on this host"
        )


async def create(connection: Any, schema: str) -> None:
    """Make all of it, in one transaction. Processes that start together wait for one another."""
    async with connection.transaction():
        await lock(connection, schema)
        if (await applied(connection, schema)).version:
            return
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for number, name in enumerate(MIGRATIONS, 1):
            await connection.execute(script(name, schema))
            if (later := script(f"{name}.post", schema)) is not None:
                await connection.execute(later)
                await note(connection, schema, "after", number)
        await note(connection, schema, "schema", VERSION)
        await note(connection, schema, "oldest", VERSION)


async def lock(connection: Any, schema: str) -> None:
    """Let nobody else change the schema before this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"headrace {schema}")


async def applied(connection: Any, schema: str) -> Applied:
    """What the schema holds; nothing where there is none yet."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.meta") is None:
        return Applied(0, 0, 0)
    rows = await connection.fetch(f"SELECT key, value FROM {schema}.meta WHERE key IN ('schema', 'after', 'oldest')")
    stored = {key: int(value) for key, value in rows}
    return Applied(stored.get("schema", 0), stored.get("after", 0), stored.get("oldest", 0))


async def note(connection: Any, schema: str, key: str, number: int) -> None:
    """Keep how far the schema is."""
    await connection.execute(noting(schema, key, number))


def noting(schema: str, key: str, number: int) -> str:
    """The statement that keeps it."""
    return (
        f"INSERT INTO {schema}.meta (key, value) VALUES ('{key}', '{number:d}') "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
