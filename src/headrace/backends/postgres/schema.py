"""The schema and its version. Migrations are named .sql files, applied in order in one transaction."""

from __future__ import annotations

from importlib import resources
from typing import Any

from headrace.backends.postgres.statements import named, plain
from headrace.errors import SchemaOutdated

MIGRATIONS = ("0001_foundation", "0002_limits")
VERSION = len(MIGRATIONS)


def script(name: str, schema: str) -> str:
    """The statements of one migration."""
    text = resources.files(__package__).joinpath("migrations", f"{name}.sql").read_text("utf-8")
    return named(plain(text), schema)


async def prepare(connection: Any, schema: str) -> None:
    """Make or upgrade the schema. Processes that start together wait for one another.

    Raises SchemaOutdated when the schema was made by a newer release.
    """
    version = await current_version(connection, schema)
    if version < VERSION:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"headrace {schema}")
            version = await current_version(connection, schema)
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            for name in MIGRATIONS[version:]:
                await connection.execute(script(name, schema))
            await connection.execute(
                f"INSERT INTO {schema}.meta (key, value) VALUES ('schema', $1) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                str(VERSION),
            )
    elif version > VERSION:
        raise SchemaOutdated(
            f"the schema {schema!r} has version {version}, and this release of headrace knows {VERSION}: upgrade "
            "headrace on this host"
        )


async def current_version(connection: Any, schema: str) -> int:
    """The schema's version, 0 where there is none yet."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.meta") is None:
        return 0
    stored = await connection.fetchval(f"SELECT value FROM {schema}.meta WHERE key = 'schema'")
    return int(stored or 0)
