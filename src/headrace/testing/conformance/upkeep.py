"""Upkeep: promote, expire and prune do what has come due, in bounded rounds, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from headrace.model.job import FINAL_STATES, JobState
from headrace.model.outcome import Failed, Waiting
from headrace.model.queue import QueueSettings, Retention
from headrace.storage.backend import Backend
from headrace.storage.jobs import Expiration
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    INSTANT,
    LIMIT,
    begin,
    claim,
    enqueue,
    finish,
    history,
    ids_of,
    job,
    put_in,
    read,
    state_of,
)

DAY = timedelta(days=1)


class UpkeepPromises:
    async def test_promote_queues_what_is_due_and_tells_when_the_next_will_be(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        start = clock.now()
        soon, later = await enqueue(backend, job(queue="a", delay=HOUR), job(queue="b", delay=2 * HOUR))
        nothing = await backend.jobs.promote(limit=LIMIT)
        assert (nothing.count, nothing.queues, nothing.next_due) == (0, frozenset(), start + HOUR)
        clock.advance(HOUR)
        first = await backend.jobs.promote(limit=LIMIT)
        assert (first.count, first.queues, first.next_due) == (1, frozenset({"a"}), start + 2 * HOUR)
        clock.advance(HOUR)
        second = await backend.jobs.promote(limit=LIMIT)
        assert (second.count, second.queues, second.next_due) == (1, frozenset({"b"}), None)
        assert [await state_of(backend, each) for each in (soon, later)] == [JobState.QUEUED] * 2

    async def test_promote_keeps_run_at(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(delay=HOUR))
        due = clock.now() + HOUR
        clock.advance(5 * HOUR)
        await backend.jobs.promote(limit=LIMIT)
        assert (await read(backend, job_id)).run_at == due

    async def test_promote_brings_back_failed_jobs_and_waiting_ones(self, backend: Backend, clock: FrozenClock) -> None:
        failed = await begin(backend)
        await finish(backend, failed, Failed(error=ERROR, retry_in=HOUR))
        waiting = await begin(backend)
        await finish(backend, waiting, Waiting(seen=0, until=clock.now() + 2 * HOUR))
        clock.advance(2 * HOUR)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 2
        assert ids_of(await claim(backend, 5)) == [failed.job.id, waiting.job.id]

    async def test_promote_is_bounded(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, *(job(delay=HOUR) for _ in range(5)))
        clock.advance(HOUR)
        promotions = [await backend.jobs.promote(limit=2) for _ in range(3)]
        assert [each.count for each in promotions] == [2, 2, 1]
        assert [each.next_due is None for each in promotions] == [False, False, True]

    async def test_promoted_jobs_go_in_the_order_they_were_due(self, backend: Backend, clock: FrozenClock) -> None:
        late, early = await enqueue(backend, job(delay=2 * HOUR), job(delay=HOUR))
        clock.advance(3 * HOUR)
        await backend.jobs.promote(limit=LIMIT)
        assert ids_of(await claim(backend, 2)) == [early, late]

    async def test_two_promotions_at_once_do_no_harm(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, *(job(delay=HOUR) for _ in range(10)))
        clock.advance(HOUR)
        replies = await asyncio.gather(*(backend.jobs.promote(limit=LIMIT) for _ in range(3)))
        assert sum(each.count for each in replies) == 10

    @pytest.mark.parametrize("state", [JobState.SCHEDULED, JobState.QUEUED, JobState.WAITING])
    async def test_a_pending_job_expires(self, backend: Backend, clock: FrozenClock, state: JobState) -> None:
        job_id = await put_in(backend, state, expires_in=HOUR / 2)
        expiry = clock.now() + HOUR / 2
        clock.advance(HOUR / 2 - INSTANT)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(next_expiry=expiry)
        clock.advance(2 * INSTANT)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(ids=(job_id,))
        ended = await read(backend, job_id)
        assert (ended.state, ended.finished_at) == (JobState.EXPIRED, clock.now())

    async def test_jobs_without_expiry_do_not_expire(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(), job(delay=HOUR))
        clock.advance(timedelta(days=3650))
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()

    async def test_expire_is_bounded_and_tells_of_those_that_are_left(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        expiries = [clock.now() + n * INSTANT for n in range(1, 6)]
        await enqueue(backend, *(job(expires_at=each) for each in expiries))
        clock.advance(HOUR)
        rounds = [await backend.jobs.expire(limit=2) for _ in range(4)]
        assert [len(each.ids) for each in rounds] == [2, 2, 1, 0]
        assert [each.next_expiry for each in rounds] == [expiries[2], expiries[4], None, None]

    async def test_expire_tells_the_next_expiry_of_a_job_that_waits(self, backend: Backend, clock: FrozenClock) -> None:
        start = clock.now()
        first, last = await enqueue(backend, job(expires_in=HOUR), job(expires_in=4 * HOUR))
        middle = await put_in(backend, JobState.WAITING, expires_in=3 * HOUR)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(next_expiry=start + HOUR)
        clock.advance(HOUR)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(ids=(first,), next_expiry=start + 3 * HOUR)
        await backend.jobs.delete_many([middle])
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(next_expiry=start + 4 * HOUR)
        await backend.jobs.cancel_many([last], reason="")
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()

    async def test_the_expiry_of_a_running_job_counts_once_it_is_back(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        expiry = clock.now() + HOUR
        claimed = await begin(backend, expires_in=HOUR)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()
        clock.advance(2 * HOUR)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()
        await finish(backend, claimed, Failed(error=ERROR, retry_in=HOUR))
        assert (await read(backend, claimed.job.id)).expires_at == expiry
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(ids=(claimed.job.id,))

    @pytest.mark.parametrize("state", sorted(FINAL_STATES))
    async def test_an_ended_job_is_kept_for_its_time_and_then_pruned(
        self, backend: Backend, clock: FrozenClock, state: JobState
    ) -> None:
        long = dict.fromkeys(("succeeded", "cancelled", "expired", "dead"), 100 * DAY)
        retention = Retention(**{**long, state.value: DAY})
        job_id = await put_in(backend, state)
        clock.advance(DAY - INSTANT)
        assert await backend.jobs.prune(retention, limit=LIMIT) == 0
        assert await state_of(backend, job_id) is state
        clock.advance(2 * INSTANT + backend.capabilities.retention_slack)
        assert await backend.jobs.prune(retention, limit=LIMIT) == 1
        assert await backend.reader.get_many([job_id]) == [None]
        assert await history(backend, job_id) == []

    async def test_the_retention_of_the_queue_goes_before_the_default(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        kept = await put_in(backend, JobState.SUCCEEDED, queue="long")
        gone = await put_in(backend, JobState.SUCCEEDED, queue="short")
        default = await put_in(backend, JobState.SUCCEEDED, queue="plain")
        await backend.queues.configure_many(
            [
                QueueSettings(name="long", retention=Retention(succeeded=10 * DAY)),
                QueueSettings(name="short", retention=Retention(succeeded=DAY)),
            ]
        )
        clock.advance(4 * DAY)
        assert await backend.jobs.prune(Retention(succeeded=5 * DAY), limit=LIMIT) == 1
        assert [each is None for each in await backend.reader.get_many([kept, gone, default])] == [False, True, False]
        clock.advance(2 * DAY + backend.capabilities.retention_slack)
        assert await backend.jobs.prune(Retention(succeeded=5 * DAY), limit=LIMIT) == 1
        assert await backend.reader.get_many([default]) == [None]

    async def test_prune_leaves_jobs_that_have_not_ended(self, backend: Backend, clock: FrozenClock) -> None:
        for state in set(JobState) - FINAL_STATES:
            await put_in(backend, state)
        clock.advance(timedelta(days=3650))
        assert await backend.jobs.prune(Retention(), limit=LIMIT) == 0

    async def test_prune_is_bounded(self, backend: Backend, clock: FrozenClock) -> None:
        ids = await enqueue(backend, *(job() for _ in range(5)))
        await backend.jobs.cancel_many(ids, reason="")
        clock.advance(timedelta(days=365))
        assert [await backend.jobs.prune(Retention(), limit=2) for _ in range(4)] == [2, 2, 1, 0]

    async def test_a_retried_job_is_not_pruned_by_its_earlier_end(self, backend: Backend, clock: FrozenClock) -> None:
        job_id = await put_in(backend, JobState.DEAD)
        clock.advance(timedelta(days=365))
        await backend.jobs.retry_many([job_id])
        assert await backend.jobs.prune(Retention(), limit=LIMIT) == 0
        assert await state_of(backend, job_id) is JobState.QUEUED
