"""PostgreSQL: the store for many hosts. Needs the extra ``postgres`` (the driver asyncpg)."""

from __future__ import annotations

from headrace.backends.postgres.backend import PostgresBackend

__all__ = ["PostgresBackend"]
