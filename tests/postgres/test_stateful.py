from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from headrace.backends.postgres import PostgresBackend
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from tests.postgres.conftest import EMPTY
from tests.postgres.server import Server
from tests.stateful.running import run_machine

EXAMPLES = 6
"""A server makes each step a few times as long as a file does."""

LEFT_BEHIND = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
"""Sessions of the example before: one that was cut off within a transaction may still hold a lock."""


def test_the_postgresql_store_agrees_with_the_memory_store_whatever_is_done_to_it(server: Server) -> None:
    def clean() -> None:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(LEFT_BEHIND)
            connection.execute("SET lock_timeout = '30s'")
            connection.execute(EMPTY)

    @contextmanager
    def postgres(clock: Clock) -> Iterator[Backend]:
        clean()
        yield PostgresBackend(server.url(), clock=clock)

    try:
        run_machine(postgres, examples=EXAMPLES)
    finally:
        clean()  # the next test expects to find nothing
