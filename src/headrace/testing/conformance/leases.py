"""Promises 5 and 13: a lease ends when its time is over and not otherwise, and its job is not lost with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from headrace.model.ids import new_job_id
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.outcome import Completed
from headrace.storage.backend import Backend
from headrace.storage.jobs import Settled
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
    history,
    ids_of,
    job,
    read,
    state_of,
)


class LeasePromises:
    async def test_a_lease_holds_until_its_time_is_over(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(LEASE - INSTANT)
        assert await backend.jobs.rescue(limit=LIMIT) == []
        assert await claim(backend) == []
        assert await state_of(backend, claimed.job.id) is JobState.RUNNING

    async def test_how_long_a_lease_holds_is_told(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        [waiting] = await enqueue(backend, job())
        ids = [waiting, claimed.job.id, new_job_id()]
        assert await backend.reader.lease_left(ids) == [None, LEASE, None]
        clock.advance(LEASE / 2)
        assert await backend.reader.lease_left(ids) == [None, LEASE / 2, None]
        await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert await backend.reader.lease_left(ids) == [None, LEASE, None]
        clock.advance(2 * LEASE)
        assert await backend.reader.lease_left(ids) == [None, -LEASE, None]
        await finish(backend, claimed, Completed())
        assert await backend.reader.lease_left(ids) == [None, None, None]

    async def test_a_job_whose_lease_ran_out_is_claimed_after_one_rescue(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        second = await claim_one(backend, worker="w-2")
        assert (second.job.id, second.job.worker) == (first.job.id, "w-2")
        assert (second.job.attempt, second.job.claims) == (2, 2)

    async def test_a_rescue_tells_what_it_took_back(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend, queue="mail")
        clock.advance(LEASE + INSTANT)
        [rescued] = await backend.jobs.rescue(limit=LIMIT)
        assert (rescued.id, rescued.queue) == (claimed.job.id, "mail")
        assert (rescued.state, rescued.worker) == (JobState.QUEUED, "w-1")

    async def test_the_lost_attempt_is_kept_with_its_worker(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        [attempt] = await history(backend, claimed.job.id)
        assert (attempt.number, attempt.outcome, attempt.worker) == (1, AttemptOutcome.LOST, "w-1")
        assert (attempt.started_at, attempt.finished_at) == (claimed.job.started_at, clock.now())
        assert attempt.error is not None
        assert attempt.error.type == "LeaseLost"
        assert "w-1" in attempt.error.message

    async def test_a_rescued_job_keeps_its_place_in_the_queue(self, backend: Backend, clock: FrozenClock) -> None:
        first = await begin(backend)
        clock.advance(LEASE + INSTANT)
        [second] = await enqueue(backend, job())
        await backend.jobs.rescue(limit=LIMIT)
        assert ids_of(await claim(backend, 2)) == [first.job.id, second]

    async def test_a_job_lost_in_its_last_attempt_is_dead(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend, max_attempts=1)
        clock.advance(LEASE + INSTANT)
        [rescued] = await backend.jobs.rescue(limit=LIMIT)
        dead = await read(backend, claimed.job.id)
        assert rescued.state is dead.state is JobState.DEAD
        assert dead.finished_at == clock.now()
        assert dead.error is not None
        assert dead.error.type == "LeaseLost"

    async def test_a_job_lost_while_its_cancellation_was_asked_for_is_cancelled(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="not wanted")
        clock.advance(LEASE + INSTANT)
        [rescued] = await backend.jobs.rescue(limit=LIMIT)
        ended = await read(backend, claimed.job.id)
        assert rescued.state is ended.state is JobState.CANCELLED
        assert (ended.reason, ended.finished_at) == ("not wanted", clock.now())
        assert [each.outcome for each in await history(backend, claimed.job.id)] == [AttemptOutcome.LOST]

    async def test_a_rescue_is_bounded(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, *(job() for _ in range(5)))
        await claim(backend, 5)
        clock.advance(LEASE + INSTANT)
        assert [len(await backend.jobs.rescue(limit=2)) for _ in range(4)] == [2, 2, 1, 0]

    async def test_two_rescues_at_once_do_no_harm(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, *(job() for _ in range(10)))
        await claim(backend, 10)
        clock.advance(LEASE + INSTANT)
        replies = await asyncio.gather(*(backend.jobs.rescue(limit=7) for _ in range(3)))
        ids = [rescued.id for reply in replies for rescued in reply]
        assert (len(ids), len(set(ids))) == (10, 10)
        assert len(await claim(backend, 20)) == 10

    async def test_a_heartbeat_extends_the_lease_from_now(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(LEASE / 2)
        [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert beat.lease is not None
        assert (beat.lease.token, beat.lease.expires_at) == (claimed.lease.token, clock.now() + LEASE)
        clock.advance(LEASE - INSTANT)
        assert await backend.jobs.rescue(limit=LIMIT) == []
        clock.advance(2 * INSTANT)
        assert len(await backend.jobs.rescue(limit=LIMIT)) == 1

    async def test_a_two_hour_job_needs_only_its_heartbeats(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        for _ in range(360):
            clock.advance(timedelta(seconds=20))
            [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
            assert beat.lease is not None
            assert await backend.jobs.rescue(limit=LIMIT) == []
        assert await finish(backend, claimed, Completed()) is Settled.APPLIED
        assert (await read(backend, claimed.job.id)).claims == 1

    async def test_a_lease_that_ran_out_unnoticed_is_extended(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert beat.lease is not None
        assert await backend.jobs.rescue(limit=LIMIT) == []

    async def test_a_lease_that_ran_out_unnoticed_still_finishes(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        assert await finish(backend, claimed, Completed()) is Settled.APPLIED
        assert await backend.jobs.rescue(limit=LIMIT) == []

    async def test_heartbeats_are_answered_in_order(self, backend: Backend) -> None:
        await enqueue(backend, *(job() for _ in range(6)))
        claims = await claim(backend, 6)
        for gone in claims[::2]:
            await finish(backend, gone, Completed())
        beats = await backend.jobs.heartbeat([each.lease for each in claims], extend=LEASE)
        assert [None if beat.lease is None else beat.lease.job_id for beat in beats] == [
            None if n % 2 == 0 else each.job.id for n, each in enumerate(claims)
        ]

    async def test_a_wall_clock_stepped_back_does_not_prolong_a_lease(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await begin(backend)
        clock.set_wall(clock.now() - HOUR)
        clock.advance(LEASE - INSTANT)
        assert await backend.jobs.rescue(limit=LIMIT) == []
        clock.advance(2 * INSTANT)
        assert len(await backend.jobs.rescue(limit=LIMIT)) == 1

    async def test_a_wall_clock_stepped_forward_does_not_end_a_lease(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        claimed = await begin(backend)
        clock.set_wall(clock.now() + HOUR)
        assert await backend.jobs.rescue(limit=LIMIT) == []
        assert await finish(backend, claimed, Completed()) is Settled.APPLIED

    async def test_a_wall_clock_stepped_back_leaves_queued_jobs_claimable(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        ids = await enqueue(backend, job(), job(delay=INSTANT))
        clock.advance(2 * INSTANT)
        await backend.jobs.promote(limit=LIMIT)
        clock.set_wall(clock.now() - HOUR)
        assert ids_of(await claim(backend, 5)) == ids
