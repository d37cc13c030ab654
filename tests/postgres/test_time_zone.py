"""A day is 24 hours, in whatever time zone the server lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.model.durations import days
from headrace.model.job import UniqueKey
from headrace.storage.kv import Put
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import enqueue, job, read

NIGHT_BEFORE = datetime(2027, 3, 27, 12, tzinfo=UTC)
"""Clocks in Berlin are put forward in the night that follows: the local day has 23 hours."""


@pytest.mark.parametrize("many", [1, 300])
async def test_delays_and_expiries_of_days_are_exact_across_a_change_of_the_clocks(database: str, many: int) -> None:
    clock = FrozenClock(NIGHT_BEFORE)
    backend: Any = PostgresBackend(f"{database}?timezone=Europe/Berlin", clock=clock)
    await backend.open()
    try:
        jobs = [job(delay=days(1), expires_in=days(2)) for _ in range(many)]
        keyed = job(delay=days(1), unique=UniqueKey(key="k", period=days(1)))
        await enqueue(backend, *jobs)
        await enqueue(backend, keyed)
        for job_id in (jobs[0].id, keyed.id):
            assert (await read(backend, job_id)).run_at == NIGHT_BEFORE + timedelta(hours=24)
        assert (await read(backend, jobs[0].id)).expires_at == NIGHT_BEFORE + timedelta(hours=48)
        await backend.kv.put_many("b", [Put(key="k", value=b"1", ttl=days(1))])
        clock.advance(timedelta(hours=23, minutes=30))
        assert await backend.kv.get_many("b", ["k"]) != [None]
        [again] = await backend.jobs.enqueue_many([job(unique=UniqueKey(key="k", period=days(1)))])
        assert again.duplicate
    finally:
        await backend.close()
