"""PostgreSQL: the store for many hosts. Needs the extra ``postgres`` (the driver asyncpg).

Unfinished, and therefore under no URL: it knows no limits and no order of keys yet.
``tests/postgres/test_conformance.py`` lists the promises that it keeps.
"""

from __future__ import annotations

from headrace.backends.postgres.backend import PostgresBackend

__all__ = ["PostgresBackend"]
