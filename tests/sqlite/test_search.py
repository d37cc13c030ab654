"""A search in SQL finds exactly the jobs that fit by the specification, and goes by an index where there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import ErrorInfo, Job, JobState
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Snoozed
from headrace.model.page import JobQuery
from headrace.model.search import Query, matches, parse
from headrace.model.search.bounds import bounds_of
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, finish, job
from tests.queries import queries

PAYLOADS: list[tuple[str, object]] = [
    ("json", {}),
    ("json", {"n": 1, "user": {"id": 42, "é": "é"}}),
    ("json", {"n": 1.5, "user": [1, "ada", None, True, [2], {"id": 1}]}),
    ("json", {"n": "1", "id": "MAIL", "a-b": {"0": "x", "n": False}}),
    ("json", {"n": None, "user": [{"id": "a b"}, "refused"], "id": 2**63}),
    ("json", {"n": "true", "0": "x", "é": [["ada"]], "id": -3}),
    ("json", [1, {"n": 1}]),
    ("msgpack", {"n": 1}),
]


async def _fill(backend: SqliteBackend, clock: FrozenClock) -> list[Job]:
    ids = []
    for n, (codec, value) in enumerate(PAYLOADS * 3):
        payload = msgspec.json.encode(value) if codec == "json" else msgspec.msgpack.encode(value)
        new = job(
            ["mail.send", "MAIL", "é[x]"][n % 3],
            queue=["mail", "default"][n % 2],
            codec=codec,
            payload=payload,
            priority=n % 10,
            task_version=1 + n % 2,
            tags=[(), ("vip",), ("vip", "a b")][n % 3],
            meta=[{}, {"n": n, "user": {"id": "w-1"}}][n % 2],
            idempotency_key=[None, f"key-{n}"][n % 2],
            delay=timedelta(hours=1) if n % 8 == 7 else None,
            expires_in=timedelta(hours=2) if n % 5 == 0 else None,
        )
        ids += await enqueue(backend, new)
        clock.advance(timedelta(minutes=7))
    outcomes: list[Outcome] = [
        Completed(),
        Failed(error=ErrorInfo(type="ValueError", message="refused [x] by mail")),
        Failed(error=ErrorInfo(type="OSError", message="é"), retry_in=timedelta(hours=1)),
        Discarded(reason="Mail refused"),
        Cancelled(reason="a b"),
        Snoozed(delay=timedelta(0)),
    ]
    claims = [*await claim(backend, 7, queue="mail", worker="w-1"), *await claim(backend, 7, worker="w-2")]
    for n, claimed in enumerate(claims):
        clock.advance(timedelta(minutes=1))
        if n % 7 != 6:
            await finish(backend, claimed, outcomes[n % 7])
    jobs = await backend.reader.get_many(list(reversed(ids)))
    return [each for each in jobs if each is not None]


class Filled:
    """A store with jobs in all kinds of states, kept open for all examples."""

    def __init__(self, path: Path) -> None:
        self.clock = FrozenClock()
        self.runner = asyncio.Runner()
        self.backend = SqliteBackend(f"sqlite:///{path}/jobs.db?synchronous=normal", clock=self.clock)
        self.runner.run(self.backend.open())
        self.jobs = self.runner.run(_fill(self.backend, self.clock))

    def find(self, query: Query) -> list[str]:
        page = self.runner.run(self.backend.reader.find(JobQuery(where=query), limit=100))
        return [each.id for each in page.items]

    def close(self) -> None:
        self.runner.run(self.backend.close())
        self.runner.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    store = Filled(tmp_path_factory.mktemp("search"))
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
    now = filled.clock.now()
    assert filled.find(query) == [each.id for each in filled.jobs if matches(query, each, now)]


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
