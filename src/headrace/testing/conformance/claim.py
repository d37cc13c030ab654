"""Promise 6 and the claim itself: who gets which job, in which order, and never two the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from headrace.model.job import JobState
from headrace.model.outcome import Released
from headrace.model.queue import QueueSettings
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest, Expiration
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    HOUR,
    INSTANT,
    LEASE,
    LIMIT,
    begin,
    claim,
    claim_one,
    enqueue,
    finish,
    ids_of,
    job,
    put_in,
    read,
)


class ClaimPromises:
    async def test_a_claimed_job_is_running_and_its_attempt_counted(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job())
        clock.advance(HOUR)
        claimed = await claim_one(backend, worker="w-7")
        assert (claimed.job.id, claimed.job.state, claimed.job.worker) == (job_id, JobState.RUNNING, "w-7")
        assert (claimed.job.attempt, claimed.job.claims, claimed.job.started_at) == (1, 1, clock.now())
        assert (claimed.lease.job_id, claimed.lease.expires_at) == (job_id, clock.now() + LEASE)
        assert await read(backend, job_id) == claimed.job

    async def test_nothing_to_claim_is_an_empty_answer(self, backend: Backend) -> None:
        assert await claim(backend, 10) == []
        assert await claim(backend, 10, queue="never-named") == []

    async def test_a_claimed_job_is_not_claimed_again(self, backend: Backend) -> None:
        await begin(backend)
        assert await claim(backend, 10) == []

    async def test_each_queue_gives_what_was_asked_of_it(self, backend: Backend) -> None:
        await enqueue(backend, *(job(queue=queue) for queue in ("a", "b", "c") for _ in range(3)))
        claims = await backend.jobs.claim(ClaimRequest(worker="w", demand={"a": 2, "b": 5, "x": 1}, lease_for=LEASE))
        assert sorted(each.job.queue for each in claims) == ["a", "a", "b", "b", "b"]

    async def test_a_demand_of_zero_gives_nothing(self, backend: Backend) -> None:
        await enqueue(backend, job())
        assert await claim(backend, 0) == []
        assert await backend.jobs.claim(ClaimRequest(worker="w", demand={}, lease_for=LEASE)) == []

    async def test_higher_priority_goes_first_then_what_was_enqueued_first(self, backend: Backend) -> None:
        low, high, middle, high_later = await enqueue(backend, *(job(priority=p) for p in (0, 9, 5, 9)))
        assert ids_of(await claim(backend, 10)) == [high, high_later, middle, low]

    async def test_jobs_of_one_batch_go_in_its_order(self, backend: Backend) -> None:
        jobs = [job() for _ in range(20)]
        ids = await enqueue(backend, *reversed(jobs))
        claimed = [ids_of(await claim(backend, 3)) for _ in range(7)]
        assert [job_id for each in claimed for job_id in each] == ids

    async def test_what_is_due_longer_goes_before_what_was_enqueued_before(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [now] = await enqueue(backend, job())
        [past] = await enqueue(backend, job(run_at=clock.now() - HOUR))
        assert ids_of(await claim(backend, 2)) == [past, now]

    async def test_a_released_job_goes_back_to_the_head(self, backend: Backend, clock: FrozenClock) -> None:
        first, second = await enqueue(backend, job(), job())
        claimed = await claim_one(backend)
        clock.advance(INSTANT)
        await finish(backend, claimed, Released())
        assert ids_of(await claim(backend, 2)) == [first, second]

    async def test_only_queued_jobs_are_claimed(self, backend: Backend) -> None:
        for state in JobState:
            if state is not JobState.QUEUED:
                await put_in(backend, state, queue=f"only-{state}")
                assert await claim(backend, queue=f"only-{state}") == []

    async def test_a_scheduled_job_is_claimed_once_it_is_due_and_promoted(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [job_id] = await enqueue(backend, job(delay=HOUR))
        clock.advance(HOUR)
        await backend.jobs.promote(limit=LIMIT)
        assert (await claim_one(backend)).job.id == job_id

    async def test_a_job_past_its_expiry_is_not_claimed(self, backend: Backend, clock: FrozenClock) -> None:
        _, lasting, _ = await enqueue(backend, job(expires_in=HOUR), job(), job(expires_in=HOUR))
        clock.advance(HOUR + INSTANT)
        assert ids_of(await claim(backend, 3)) == [lasting]

    async def test_a_job_just_before_its_expiry_is_claimed(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(expires_in=HOUR))
        clock.advance(HOUR - INSTANT)
        assert (await claim_one(backend)).job.id == job_id

    async def test_a_job_under_way_outlives_its_expiry(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend, expires_in=timedelta(seconds=1))
        clock.advance(timedelta(seconds=2))
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()
        assert (await read(backend, claimed.job.id)).state is JobState.RUNNING

    async def test_many_expired_jobs_do_not_hide_the_one_behind_them(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await enqueue(backend, *(job(priority=9, expires_in=INSTANT) for _ in range(300)))
        [behind] = await enqueue(backend, job(priority=0))
        clock.advance(HOUR)
        assert ids_of(await claim(backend, 1)) == [behind]

    async def test_a_job_passed_over_as_expired_is_claimed_when_the_clock_is_set_right(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [job_id] = await enqueue(backend, job(expires_in=HOUR))
        right = clock.now()
        clock.set_wall(right + 2 * HOUR)
        assert await claim(backend) == []
        clock.set_wall(right)
        assert (await claim_one(backend)).job.id == job_id

    async def test_a_paused_queue_gives_nothing_until_it_goes_on(self, backend: Backend) -> None:
        await enqueue(backend, job(queue="mail"), job(queue="other"))
        await backend.queues.configure_many([QueueSettings(name="mail", paused=True)])
        both = ClaimRequest(worker="w", demand={"mail": 5, "other": 5}, lease_for=LEASE)
        assert [each.job.queue for each in await backend.jobs.claim(both)] == ["other"]
        await backend.queues.configure_many([QueueSettings(name="mail")])
        assert [each.job.queue for each in await backend.jobs.claim(both)] == ["mail"]

    async def test_concurrent_claims_never_hand_a_job_out_twice(self, backend: Backend) -> None:
        await enqueue(backend, *(job() for _ in range(100)))
        replies = await asyncio.gather(*(claim(backend, 7, worker=f"w-{n}") for n in range(20)))
        ids = [job_id for reply in replies for job_id in ids_of(reply)]
        assert (len(ids), len(set(ids))) == (100, 100)

    async def test_concurrent_claims_through_siblings_never_hand_a_job_out_twice(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.open()
        try:
            await enqueue(backend, *(job() for _ in range(60)))
            calls = [claim(store, 4, worker=f"w-{n}") for n in range(10) for store in (backend, other)]
            ids = [job_id for reply in await asyncio.gather(*calls) for job_id in ids_of(reply)]
        finally:
            await other.close()
        assert (len(ids), len(set(ids))) == (60, 60)

    async def test_no_two_claims_have_the_same_token(self, backend: Backend) -> None:
        tokens = set()
        await enqueue(backend, job(), job())
        for _ in range(10):
            for claimed in await claim(backend, 2):
                tokens.add((claimed.lease.job_id, claimed.lease.token))
                await finish(backend, claimed, Released())
        assert len(tokens) == 20
