"""Views for SQL, and searches that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.errors import Unavailable
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Completed, Failed
from headrace.model.page import JobQuery
from headrace.model.queue import Retention
from headrace.model.search import parse
from headrace.testing.conformance.builders import begin, enqueue, finish, job


@pytest.fixture
async def store(database: str) -> AsyncIterator[Any]:
    """A store by the server's clock."""
    backend = PostgresBackend(database)
    await backend.open()
    yield backend
    await backend.close()


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Any]:
    """A connection of somebody who writes reports."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_arguments_and_results_are_read_by_sql(store: Any, sql: Any) -> None:
    await finish(store, await begin(store, payload=b'{"customer": {"id": 7}}'), Completed(result=b'{"total": 12.5}'))
    row = await sql.fetchrow(
        "SELECT arguments -> 'customer' ->> 'id' AS customer, (result ->> 'total')::numeric AS total, ran, "
        "arguments_raw FROM headrace.report_jobs WHERE state = 'succeeded'"
    )
    assert (row["customer"], float(row["total"]), row["arguments_raw"]) == ("7", 12.5, None)
    assert row["ran"] > timedelta(0)


async def test_what_is_no_json_is_shown_as_it_is(store: Any, sql: Any) -> None:
    packed = msgspec.msgpack.encode({"a": 1})
    await enqueue(store, job(payload=packed, codec="msgpack"), job(payload=b"no json"))
    rows = await sql.fetch("SELECT codec, arguments, arguments_raw FROM headrace.report_jobs ORDER BY codec DESC")
    assert [tuple(row) for row in rows] == [("msgpack", None, packed), ("json", None, b"no json")]


async def test_failed_attempts_and_counts_are_reported(store: Any, sql: Any) -> None:
    error = ErrorInfo(type="KeyError", message="order 7", traceback="Traceback ...")
    await finish(store, await begin(store), Failed(error=error, retry_in=timedelta(hours=1)))
    row = await sql.fetchrow("SELECT outcome, error_type, error_message, error_traceback FROM headrace.report_attempts")
    assert tuple(row) == ("failed", "KeyError", "order 7", "Traceback ...")
    assert [tuple(row) for row in await sql.fetch("SELECT state, jobs FROM headrace.report_counts")] == [
        ("scheduled", 1)
    ]
    rates = dict(await sql.fetch("SELECT event, sum(jobs)::integer FROM headrace.report_rates GROUP BY event"))
    assert rates == {"enqueued": 1, "claimed": 1, "failed": 1}


async def test_counts_are_the_same_before_and_after_they_are_folded(store: Any, sql: Any) -> None:
    await enqueue(store, *(job() for _ in range(5)))
    before = await sql.fetch("SELECT * FROM headrace.report_counts")
    [(plan,)] = await sql.fetch("EXPLAIN (FORMAT JSON) SELECT * FROM headrace.report_counts")
    assert '"jobs"' not in plan
    await store.jobs.prune(Retention(), limit=10)
    assert await sql.fetchval("SELECT count(*) FROM headrace.tallies") == 0
    assert await sql.fetch("SELECT * FROM headrace.report_counts") == before


async def test_a_search_that_takes_too_long_is_ended_and_says_what_to_do(
    store: Any, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.backends.postgres.finding.SEARCH_MS_MAX", 50)
    await enqueue(store, job())
    async with sql.transaction():
        await sql.execute("LOCK TABLE headrace.jobs IN ACCESS EXCLUSIVE MODE")
        for search in (store.reader.find, store.reader.error_groups):
            with pytest.raises(Unavailable, match="Search within a queue"):
                await search(JobQuery(where=parse("args.a:1")))
    assert len((await store.reader.find(JobQuery())).items) == 1
