"""A search in SQL finds exactly the jobs that fit by the specification, and goes by an index where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings

from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import JobState
from headrace.model.page import JobQuery
from headrace.model.search import Query, parse
from headrace.model.search.bounds import bounds_of
from headrace.testing.clock import FrozenClock
from tests.queries import queries
from tests.searched import Filled


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    clock = FrozenClock()
    url = f"sqlite:///{tmp_path_factory.mktemp('search')}/jobs.db?synchronous=normal"
    store = Filled(SqliteBackend(url, clock=clock), clock)
    yield store
    store.close()


def test_the_jobs_are_of_many_kinds(filled: Filled) -> None:
    assert {each.state for each in filled.jobs} >= {
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.SCHEDULED,
        JobState.DEAD,
        JobState.SUCCEEDED,
        JobState.CANCELLED,
    }


@given(queries)
@settings(max_examples=300, deadline=None)
def test_a_search_finds_the_jobs_that_fit(filled: Filled, query: Query) -> None:
    filled.check(query)


def test_a_query_tells_by_which_index_its_jobs_are_reached() -> None:
    now = FrozenClock().now()

    def bounds(text: str) -> tuple[object, ...]:
        return tuple(bounds_of(JobQuery(where=parse(text)), now))

    assert bounds("state:dead,expired state:dead x") == (frozenset({JobState.DEAD}), None, None, None)
    assert bounds("id:a,b") == (None, ("a", "b"), None, None)
    assert bounds("id:a*") == bounds("state:dead OR a") == bounds("-id:a") == (None,) * 4
    assert bounds("since:2h since:1h until:1m") == (
        None,
        None,
        now - timedelta(hours=1),
        now - timedelta(minutes=1),
    )
