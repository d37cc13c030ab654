"""Claims that begin where the last ones ended, while an old snapshot keeps vacuum from removing the dead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend, floors
from headrace.backends.postgres.floors import LOOK_SHARE, Floors, LeaseFloor
from headrace.testing.conformance.builders import claim, enqueue, job

CONNECTIONS = 2


@pytest.fixture
async def backend(database: str) -> AsyncIterator[PostgresBackend]:
    backend = PostgresBackend(f"{database}?connections={CONNECTIONS}")
    await backend.open()
    yield backend
    await backend.close()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim counts as slow."""
    monkeypatch.setattr(floors, "SLOW_S", -1.0)
    monkeypatch.setattr(floors, "SLOW_S_A_JOB", 0.0)


async def test_claims_keep_their_order_beyond_the_floors(backend: PostgresBackend, slow: None) -> None:
    jobs = [job(priority=priority) for priority in (5, 9, 0, 5, 9, 7)]
    await enqueue(backend, *jobs)
    taken = [await claim(backend, 2) for _ in range(4)]
    assert [[each.job.priority for each in some] for some in taken] == [[9, 9], [7, 5], [5, 0], []]


async def test_a_job_before_the_floor_is_found_when_a_claim_begins_at_the_start_again(
    backend: PostgresBackend, slow: None
) -> None:
    now = 0.0
    backend.jobs._memory.floors = Floors(clock=lambda: now)
    await enqueue(backend, job())
    assert len(await claim(backend)) == 1
    await _enqueue_late(backend, timedelta(seconds=10))
    assert await claim(backend) == []
    now = floors.BEYOND_S_MIN + 60
    assert len(await claim(backend)) == 1


async def _enqueue_late(backend: PostgresBackend, late: timedelta) -> None:
    """A job whose transaction took so long that others were enqueued and claimed meanwhile."""
    [job_id] = await enqueue(backend, job())
    await backend._pool.run(
        lambda session: session.text(
            "UPDATE headrace.jobs SET run_at = run_at - $1::interval WHERE id = $2", late, job_id
        )
    )


async def test_a_rescue_begins_where_the_last_one_ended_and_soon_at_the_start_again(slow: None) -> None:
    now, first, second = 0.0, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    floor = LeaseFloor(clock=lambda: now)
    with floor.look(first) as before:
        assert before is None
        now += 0.1
    with floor.look(second) as before:
        assert before == first
    with floor.look(second) as before:
        assert before == second
    floor.forget()
    with floor.look(second) as before:
        assert before is None
        now += 0.1
    now += LOOK_SHARE * 0.1
    with floor.look(second) as before:
        assert before is None


async def test_a_lease_before_the_floor_is_found_in_time(backend: PostgresBackend, slow: None) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.001
        return now

    backend.jobs._memory.lease_floor = LeaseFloor(clock)
    await enqueue(backend, job(), job())
    await claim(backend, 2)
    assert await backend.jobs.rescue(limit=10) == []
    await backend._pool.run(
        lambda session: session.text("UPDATE headrace.jobs SET lease_until = now() - interval '1 minute'")
    )
    assert await backend.jobs.rescue(limit=10) == []
    now += 60
    assert len(await backend.jobs.rescue(limit=1)) == 1
    assert len(await backend.jobs.rescue(limit=10)) == 1


async def test_a_healthy_table_is_claimed_from_its_start(backend: PostgresBackend) -> None:
    await enqueue(backend, job(), job())
    await claim(backend, 1)
    assert not backend.jobs._memory.floors.usable


async def test_claims_beyond_the_floors_do_not_walk_over_the_dead(
    backend: PostgresBackend, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(database)
    try:
        if connection.get_server_version().major < 15:
            pytest.skip("before version 15 the server counts pages a moment later, and nothing hurries it")
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("SELECT count(*) FROM headrace.jobs")
            for _ in range(12):
                await enqueue(backend, *(job() for _ in range(1_000)))
                await claim(backend, 1_000)
            await enqueue(backend, job(), job())
            begun = await _buffers(backend)
            await claim(backend, 1)
            from_the_start = await _buffers(backend) - begun
            monkeypatch.setattr(floors, "SLOW_S", -1.0)
            monkeypatch.setattr(floors, "SLACK", timedelta(0))  # all of this may take less than the real one
            backend.jobs._memory.floors.walked(1.0, [(await claim(backend, 1))[0].job], 1)
            await enqueue(backend, job())
            begun = await _buffers(backend)
            assert len(await claim(backend, 1)) == 1
            beyond = await _buffers(backend) - begun
    finally:
        await connection.close()
    assert beyond < from_the_start / 5


async def _buffers(backend: PostgresBackend) -> int:
    """How many pages of the hot table and its indexes were looked at, by all sessions, each of which has told."""
    flush = "SELECT pg_stat_force_next_flush()"
    await asyncio.gather(*(backend._pool.run(lambda session: session.text(flush)) for _ in range(CONNECTIONS)))
    [(count,)] = await backend._pool.run(
        lambda session: session.text(
            "SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_user_tables "
            "WHERE relid = 'headrace.jobs'::regclass"
        )
    )
    return int(count)
