"""A search in PostgreSQL finds exactly the jobs that fit by the specification."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given, settings

from headrace.backends.postgres import PostgresBackend
from headrace.model.search import Query
from headrace.testing.clock import FrozenClock
from tests.postgres.conftest import EMPTY
from tests.postgres.server import Server
from tests.queries import queries
from tests.searched import Filled


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[Filled]:
    clock = FrozenClock()
    store = Filled(PostgresBackend(server.url(), clock=clock), clock)
    yield store
    store.close()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(EMPTY)


@given(queries)
@settings(max_examples=100, deadline=None)
def test_a_search_finds_the_jobs_that_fit(filled: Filled, query: Query) -> None:
    filled.check(query)
