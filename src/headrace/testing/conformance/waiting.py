"""Promise 11: no wake-up is lost, in whatever order waiting and waking meet."""

from __future__ import annotations

import asyncio

import pytest

from headrace.model.ids import new_job_id
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Released, Waiting
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    HOUR,
    INSTANT,
    LIMIT,
    answers,
    begin,
    claim,
    claim_one,
    enqueue,
    finish,
    history,
    job,
    put_in,
    read,
    state_of,
)


class WaitingPromises:
    async def test_a_waiting_job_is_parked_with_its_attempt_back(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Waiting(seen=0))
        parked = await read(backend, claimed.job.id)
        assert (parked.state, parked.attempt, parked.run_at) == (JobState.WAITING, 0, claimed.job.run_at)
        assert await history(backend, claimed.job.id) == []
        clock.advance(1000 * HOUR)
        await backend.jobs.promote(limit=LIMIT)
        assert await claim(backend) == []

    async def test_waiting_then_woken_is_queued(self, backend: Backend) -> None:
        job_id = await put_in(backend, JobState.WAITING, queue="default")
        assert answers(await backend.jobs.wake_many([job_id])) == [(JobState.QUEUED, True)]
        claimed = await claim_one(backend)
        assert (claimed.job.id, claimed.job.wakes) == (job_id, 1)

    async def test_woken_while_running_then_waiting_is_queued(self, backend: Backend) -> None:
        claimed = await begin(backend)
        assert answers(await backend.jobs.wake_many([claimed.job.id])) == [(JobState.RUNNING, True)]
        await finish(backend, claimed, Waiting(seen=claimed.job.wakes))
        again = await claim_one(backend)
        assert (again.job.id, again.job.wakes, again.job.attempt) == (claimed.job.id, 1, 1)

    async def test_woken_before_the_claim_is_known_to_the_handler(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        assert answers(await backend.jobs.wake_many([job_id])) == [(JobState.QUEUED, True)]
        claimed = await claim_one(backend)
        assert claimed.job.wakes == 1
        await finish(backend, claimed, Waiting(seen=1))
        assert await state_of(backend, job_id) is JobState.WAITING

    async def test_a_handler_that_saw_less_is_queued_at_once(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        await backend.jobs.wake_many([job_id])
        await finish(backend, await claim_one(backend), Waiting(seen=0))
        assert await state_of(backend, job_id) is JobState.QUEUED

    async def test_a_wake_up_between_two_claims_is_not_lost(self, backend: Backend) -> None:
        first = await begin(backend)
        await finish(backend, first, Released())
        await backend.jobs.wake_many([first.job.id])
        second = await claim_one(backend)
        await finish(backend, second, Waiting(seen=first.job.wakes))
        assert await state_of(backend, first.job.id) is JobState.QUEUED

    async def test_every_wake_up_counts(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        assert answers(await backend.jobs.wake_many([job_id, job_id])) == [(JobState.QUEUED, True)] * 2
        await asyncio.gather(*(backend.jobs.wake_many([job_id]) for _ in range(8)))
        assert (await read(backend, job_id)).wakes == 10

    async def test_a_wake_up_racing_with_the_wait_always_queues(self, backend: Backend) -> None:
        await enqueue(backend, *(job() for _ in range(10)))
        claims = await claim(backend, 10)
        assert len(claims) == 10
        for claimed in claims:
            await asyncio.gather(
                finish(backend, claimed, Waiting(seen=0)),
                backend.jobs.wake_many([claimed.job.id]),
            )
            assert await state_of(backend, claimed.job.id) is JobState.QUEUED

    async def test_waiting_until_an_instant_ends_there(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        until = clock.now() + HOUR
        await finish(backend, claimed, Waiting(seen=0, until=until))
        assert (await read(backend, claimed.job.id)).run_at == until
        clock.advance(HOUR - INSTANT)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 0
        clock.advance(INSTANT)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 1
        again = await claim_one(backend)
        assert (again.job.id, again.job.wakes) == (claimed.job.id, 0)

    async def test_a_wake_up_before_the_instant_queues_as_due_now(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Waiting(seen=0, until=clock.now() + HOUR))
        clock.advance(INSTANT)
        await backend.jobs.wake_many([claimed.job.id])
        woken = await read(backend, claimed.job.id)
        assert (woken.state, woken.run_at) == (JobState.QUEUED, clock.now())

    async def test_a_job_that_waits_again_forgets_the_old_instant(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Waiting(seen=0, until=clock.now() + HOUR))
        await backend.jobs.wake_many([claimed.job.id])
        await finish(backend, await claim_one(backend), Waiting(seen=1))
        clock.advance(2 * HOUR)
        promotion = await backend.jobs.promote(limit=LIMIT)
        assert (promotion.count, promotion.next_due) == (0, None)

    async def test_a_scheduled_job_counts_the_wake_up_and_stays(self, backend: Backend) -> None:
        job_id = await put_in(backend, JobState.SCHEDULED)
        assert answers(await backend.jobs.wake_many([job_id])) == [(JobState.SCHEDULED, True)]
        assert (await read(backend, job_id)).wakes == 1

    @pytest.mark.parametrize("state", [state for state in JobState if state.final])
    async def test_an_ended_job_is_not_woken(self, backend: Backend, state: JobState) -> None:
        job_id = await put_in(backend, state)
        assert answers(await backend.jobs.wake_many([job_id, new_job_id()])) == [(state, False), (None, False)]
        assert (await read(backend, job_id)).wakes == 0

    async def test_a_waking_that_comes_after_the_end_changes_nothing(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Completed())
        before = await read(backend, claimed.job.id)
        await backend.jobs.wake_many([claimed.job.id])
        assert await read(backend, claimed.job.id) == before
