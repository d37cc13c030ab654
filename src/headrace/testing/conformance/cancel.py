"""Cancelling: pending jobs end at once, running ones are told and end where they would otherwise run again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace.model.ids import new_job_id
from headrace.model.job import FINAL_STATES, PENDING_STATES, JobState
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Released, Snoozed, Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import Settled
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    LEASE,
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


class CancelPromises:
    @pytest.mark.parametrize("state", sorted(PENDING_STATES))
    async def test_a_pending_job_ends_at_once(self, backend: Backend, clock: FrozenClock, state: JobState) -> None:
        job_id = await put_in(backend, state, queue="default")
        clock.advance(timedelta(seconds=1))
        assert answers(await backend.jobs.cancel_many([job_id], reason="not wanted")) == [(JobState.CANCELLED, True)]
        ended = await read(backend, job_id)
        assert (ended.state, ended.reason, ended.finished_at) == (JobState.CANCELLED, "not wanted", clock.now())
        clock.advance(2 * HOUR)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 0
        assert await claim(backend) == []

    @pytest.mark.parametrize("state", sorted(FINAL_STATES))
    async def test_an_ended_job_is_left_alone(self, backend: Backend, state: JobState) -> None:
        job_id = await put_in(backend, state)
        before = await read(backend, job_id)
        assert answers(await backend.jobs.cancel_many([job_id], reason="late")) == [(state, False)]
        assert await read(backend, job_id) == before

    async def test_a_running_job_hears_it_at_its_heartbeat(self, backend: Backend) -> None:
        claimed = await begin(backend)
        [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert beat.cancel_reason is None
        assert answers(await backend.jobs.cancel_many([claimed.job.id], reason="stop")) == [(JobState.RUNNING, True)]
        marked = await read(backend, claimed.job.id)
        assert (marked.state, marked.cancel_requested, marked.reason) == (JobState.RUNNING, True, "stop")
        [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert beat.lease is not None
        assert beat.cancel_reason == "stop"

    async def test_a_cancellation_without_words_is_heard_too(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="")
        [beat] = await backend.jobs.heartbeat([claimed.lease], extend=LEASE)
        assert beat.cancel_reason == ""

    async def test_a_second_request_for_a_running_job_changes_nothing(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="first")
        second = await backend.jobs.cancel_many([claimed.job.id], reason="second")
        assert answers(second) == [(JobState.RUNNING, False)]
        assert (await read(backend, claimed.job.id)).reason == "first"

    @pytest.mark.parametrize(
        "outcome",
        [Failed(error=ERROR, retry_in=HOUR), Snoozed(delay=HOUR), Waiting(seen=0), Released()],
        ids=lambda outcome: type(outcome).__name__,
    )
    async def test_a_cancelled_job_that_would_run_again_ends(
        self, backend: Backend, clock: FrozenClock, outcome: Outcome
    ) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="stop")
        clock.advance(timedelta(seconds=1))
        assert await finish(backend, claimed, outcome) is Settled.APPLIED
        ended = await read(backend, claimed.job.id)
        assert (ended.state, ended.reason, ended.finished_at) == (JobState.CANCELLED, "stop", clock.now())
        assert await claim(backend) == []

    async def test_a_woken_and_cancelled_job_that_waits_ends(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.wake_many([claimed.job.id])
        await backend.jobs.cancel_many([claimed.job.id], reason="stop")
        await finish(backend, claimed, Waiting(seen=0))
        assert await state_of(backend, claimed.job.id) is JobState.CANCELLED

    async def test_a_failure_of_a_cancelled_job_is_kept(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="stop")
        await finish(backend, claimed, Failed(error=ERROR, retry_in=HOUR))
        [attempt] = await history(backend, claimed.job.id)
        assert (attempt.error, (await read(backend, claimed.job.id)).error) == (ERROR, ERROR)

    @pytest.mark.parametrize(
        ("outcome", "state"),
        [
            (Completed(result=b"1"), JobState.SUCCEEDED),
            (Failed(error=ERROR), JobState.DEAD),
            (Discarded(reason="bad input"), JobState.DEAD),
            (Cancelled(reason="as told"), JobState.CANCELLED),
        ],
        ids=lambda value: type(value).__name__,
    )
    async def test_a_cancelled_job_that_ends_anyway_ends_as_it_says(
        self, backend: Backend, outcome: Outcome, state: JobState
    ) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="stop")
        await finish(backend, claimed, outcome)
        assert await state_of(backend, claimed.job.id) is state

    async def test_answers_come_in_order_and_an_unknown_job_has_no_state(self, backend: Backend) -> None:
        queued, other = await enqueue(backend, job(priority=0), job(priority=9))
        running = await claim_one(backend)
        assert running.job.id == other
        replies = await backend.jobs.cancel_many([new_job_id(), queued, other, queued], reason="stop")
        assert answers(replies) == [
            (None, False),
            (JobState.CANCELLED, True),
            (JobState.RUNNING, True),
            (JobState.CANCELLED, False),
        ]
        assert [each.id for each in replies[1:]] == [queued, other, queued]

    async def test_the_request_does_not_outlive_a_retry(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await backend.jobs.cancel_many([claimed.job.id], reason="stop")
        await finish(backend, claimed, Released())
        await backend.jobs.retry_many([claimed.job.id])
        again = await claim_one(backend)
        assert (again.job.cancel_requested, again.job.reason) == (False, None)
        [beat] = await backend.jobs.heartbeat([again.lease], extend=LEASE)
        assert beat.cancel_reason is None
