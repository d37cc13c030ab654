"""Taking a change back: a job goes to where it stood, exactly, unless anything else became of it since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from headrace.model.ids import JobId, new_job_id
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, Job, JobState, UniqueKey
from headrace.model.page import JobQuery
from headrace.model.standing import Standing, standing_of
from headrace.storage.backend import Backend
from headrace.storage.jobs import Changed, JobEdit, JobRestore
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, answers, claim, claim_one, enqueue, job, put_in, read

AT_ONCE = sorted(PENDING_STATES - {JobState.WAITING})


async def restore(backend: Backend, before: Job, **left: object) -> Changed:
    """Take back what made of ``before`` what it is with these values now."""
    was = standing_of(before)
    [changed] = await backend.jobs.restore_many([JobRestore(id=before.id, before=was, left=replace(was, **left))])
    return changed


async def cancelled(backend: Backend, job_id: JobId) -> Job:
    """The job as it was before it was cancelled, which has now happened."""
    before = await read(backend, job_id)
    await backend.jobs.cancel_many([job_id], reason="oops")
    return before


CANCELLED: dict[str, object] = {"state": JobState.CANCELLED, "reason": "oops", "finished_at": UNSET}


async def counts(backend: Backend) -> dict[tuple[str, JobState], int]:
    return {(each.queue, each.state): each.count for each in await backend.reader.counts()}


class RestorePromises:
    @pytest.mark.parametrize("state", AT_ONCE)
    async def test_a_cancelled_job_is_what_it_was(self, backend: Backend, clock: FrozenClock, state: JobState) -> None:
        job_id = await put_in(backend, state, tags=("a",), priority=7)
        counted = await counts(backend)
        before = await cancelled(backend, job_id)
        clock.advance(timedelta(minutes=1))
        assert answers([await restore(backend, before, **CANCELLED)]) == [(state, True)]
        assert await read(backend, job_id) == before
        assert await counts(backend) == counted

    async def test_a_restored_job_is_claimed_in_its_turn(self, backend: Backend, clock: FrozenClock) -> None:
        first, second = await enqueue(backend, job(), job())
        before = await cancelled(backend, first)
        clock.advance(HOUR)
        await restore(backend, before, **CANCELLED)
        assert [each.job.id for each in await claim(backend, 2)] == [first, second]

    async def test_what_has_become_due_meanwhile_is_queued(self, backend: Backend, clock: FrozenClock) -> None:
        before = await cancelled(backend, await put_in(backend, JobState.SCHEDULED))
        clock.advance(2 * HOUR)
        assert answers([await restore(backend, before, **CANCELLED)]) == [(JobState.QUEUED, True)]
        assert (await read(backend, before.id)).run_at == before.run_at

    async def test_a_restored_scheduled_job_is_promoted_when_it_is_due(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        before = await cancelled(backend, await put_in(backend, JobState.SCHEDULED))
        await restore(backend, before, **CANCELLED)
        clock.advance(HOUR)
        assert (await backend.jobs.promote(limit=10)).count == 1
        assert (await claim_one(backend, queue=before.queue)).job.id == before.id

    async def test_a_job_that_waited_is_queued_for_it_may_have_missed_a_wake_up(self, backend: Backend) -> None:
        before = await cancelled(backend, await put_in(backend, JobState.WAITING))
        assert answers([await restore(backend, before, **CANCELLED)]) == [(JobState.QUEUED, True)]

    @pytest.mark.parametrize("state", sorted(RETRIABLE_STATES))
    async def test_a_retried_job_that_has_not_begun_is_what_it_was(
        self, backend: Backend, clock: FrozenClock, state: JobState
    ) -> None:
        job_id = await put_in(backend, state)
        before, counted = await read(backend, job_id), await counts(backend)
        clock.advance(HOUR)
        await backend.jobs.retry_many([job_id])
        left = {"state": JobState.QUEUED, "attempt": 0, "run_at": UNSET, "expires_at": None, "finished_at": None}
        changed = await restore(backend, before, **left, reason=None, cancel_requested=False)
        assert answers([changed]) == [(state, True)]
        assert await read(backend, job_id) == before
        assert await counts(backend) == counted
        assert await claim(backend, queue=before.queue) == []

    async def test_a_discarded_job_is_a_dead_letter_again(self, backend: Backend, clock: FrozenClock) -> None:
        before = await read(backend, await put_in(backend, JobState.DEAD))
        clock.advance(HOUR)
        await backend.jobs.discard_many([before.id], reason="oops")
        assert answers([await restore(backend, before, **CANCELLED)]) == [(JobState.DEAD, True)]
        assert await read(backend, before.id) == before
        assert len(await backend.reader.error_groups(JobQuery())) == 1

    @pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.RUNNING, JobState.SUCCEEDED}))
    async def test_an_edited_job_has_its_old_values(
        self, backend: Backend, clock: FrozenClock, state: JobState
    ) -> None:
        job_id = await put_in(backend, state, queue="here", tags=("a", "b"))
        before, counted = await read(backend, job_id), await counts(backend)
        values: dict[str, Any] = {"queue": "there", "priority": 9, "max_attempts": 1, "tags": ()}
        await backend.jobs.edit_many([JobEdit(id=job_id, **values, expires_at=clock.now() + HOUR)])
        changed = await restore(backend, before, **values, expires_at=clock.now() + HOUR)
        assert answers([changed]) == [(state, True)]
        assert await read(backend, job_id) == before
        assert await counts(backend) == counted

    async def test_a_job_that_was_brought_forward_goes_back_in_time(self, backend: Backend, clock: FrozenClock) -> None:
        before = await read(backend, await put_in(backend, JobState.SCHEDULED))
        await backend.jobs.edit_many([JobEdit(id=before.id, run_at=clock.now())])
        changed = await restore(backend, before, run_at=clock.now())
        assert answers([changed]) == [(JobState.SCHEDULED, True)]
        assert await claim(backend, queue=before.queue) == []

    async def test_what_differs_stays_and_is_named(self, backend: Backend) -> None:
        before = await cancelled(backend, await put_in(backend, JobState.QUEUED))
        await backend.jobs.edit_many([JobEdit(id=before.id, priority=0)])
        changed = await restore(backend, before, **CANCELLED)
        assert (changed.state, changed.changed, changed.differs) == (JobState.CANCELLED, False, "priority")
        assert (await read(backend, before.id)).state is JobState.CANCELLED

    async def test_a_job_that_was_claimed_since_stays(self, backend: Backend) -> None:
        before = await read(backend, await put_in(backend, JobState.QUEUED))
        await backend.jobs.edit_many([JobEdit(id=before.id, priority=9)])
        await claim_one(backend, queue=before.queue)
        running = await restore(backend, before, priority=9)
        assert (running.state, running.changed, running.differs) == (JobState.RUNNING, False, "state")

    async def test_a_job_that_ran_when_it_was_changed_is_not_put_back(self, backend: Backend) -> None:
        before = await read(backend, await put_in(backend, JobState.RUNNING))
        [changed] = await backend.jobs.restore_many(
            [JobRestore(id=before.id, before=standing_of(before), left=standing_of(before))]
        )
        assert (changed.changed, changed.differs) == (False, "state")

    async def test_a_job_whose_key_was_taken_meanwhile_stays_cancelled(self, backend: Backend) -> None:
        key = UniqueKey(key="k")
        [first] = await enqueue(backend, job(unique=key))
        before = await cancelled(backend, first)
        [rival] = await enqueue(backend, job(unique=key))
        changed = await restore(backend, before, **CANCELLED)
        assert (changed.state, changed.changed, changed.conflict) == (JobState.CANCELLED, False, rival)

    async def test_restores_are_answered_in_order(self, backend: Backend) -> None:
        one, two = [await cancelled(backend, each) for each in await enqueue(backend, job(), job())]
        restores = [
            JobRestore(id=each.id, before=standing_of(each), left=_left_cancelled(each)) for each in (two, one, two)
        ]
        gone = new_job_id()
        replies = await backend.jobs.restore_many([replace(restores[0], id=gone), *restores])
        assert [each.id for each in replies] == [gone, two.id, one.id, two.id]
        assert answers(replies) == [(None, False), *[(JobState.QUEUED, True)] * 2, (JobState.QUEUED, False)]

    async def test_rates_do_not_count_it(self, backend: Backend) -> None:
        before = await read(backend, await put_in(backend, JobState.DEAD))
        await backend.jobs.retry_many([before.id])
        rates = await backend.reader.rates(window=HOUR)
        left = {"state": JobState.QUEUED, "attempt": 0, "run_at": UNSET, "finished_at": None, "reason": None}
        assert (await restore(backend, before, **left)).changed
        assert await backend.reader.rates(window=HOUR) == rates


def _left_cancelled(before: Job) -> Standing:
    return replace(standing_of(before), **CANCELLED)
