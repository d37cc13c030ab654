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


def test_the_postgresql_store_agrees_with_the_memory_store_whatever_is_done_to_it(server: Server) -> None:
    @contextmanager
    def postgres(clock: Clock) -> Iterator[Backend]:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(EMPTY)
        yield PostgresBackend(server.url(), clock=clock)

    run_machine(postgres, examples=EXAMPLES)
