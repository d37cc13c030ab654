"""Retrying by a person: ended jobs start again as if never tried, with their history kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace.model.ids import new_job_id
from headrace.model.job import RETRIABLE_STATES, JobState
from headrace.storage.backend import Backend
from headrace.storage.jobs import Expiration
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    LIMIT,
    answers,
    claim_one,
    enqueue,
    history,
    job,
    put_in,
    read,
)


class RetryPromises:
    @pytest.mark.parametrize("state", sorted(RETRIABLE_STATES))
    async def test_an_ended_job_is_queued_as_if_never_tried(
        self, backend: Backend, clock: FrozenClock, state: JobState
    ) -> None:
        job_id = await put_in(backend, state, queue="default")
        clock.advance(HOUR)
        assert answers(await backend.jobs.retry_many([job_id])) == [(JobState.QUEUED, True)]
        fresh = await read(backend, job_id)
        assert (fresh.state, fresh.attempt, fresh.run_at) == (JobState.QUEUED, 0, clock.now())
        assert (fresh.finished_at, fresh.reason, fresh.cancel_requested) == (None, None, False)
        assert (await claim_one(backend)).job.id == job_id

    @pytest.mark.parametrize("state", sorted(set(JobState) - RETRIABLE_STATES))
    async def test_other_jobs_are_left_alone(self, backend: Backend, state: JobState) -> None:
        job_id = await put_in(backend, state)
        before = await read(backend, job_id)
        assert answers(await backend.jobs.retry_many([job_id])) == [(state, False)]
        assert await read(backend, job_id) == before

    async def test_a_retried_job_does_not_expire_any_more(self, backend: Backend, clock: FrozenClock) -> None:
        job_id = await put_in(backend, JobState.EXPIRED)
        await backend.jobs.retry_many([job_id])
        assert (await read(backend, job_id)).expires_at is None
        clock.advance(timedelta(days=1))
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()

    async def test_the_attempts_made_and_the_last_error_stay(self, backend: Backend) -> None:
        job_id = await put_in(backend, JobState.DEAD)
        before = await history(backend, job_id)
        await backend.jobs.retry_many([job_id])
        assert await history(backend, job_id) == before
        assert (await read(backend, job_id)).error == ERROR

    async def test_retries_are_answered_in_order(self, backend: Backend) -> None:
        dead = await put_in(backend, JobState.DEAD)
        [queued] = await enqueue(backend, job())
        unknown = new_job_id()
        replies = await backend.jobs.retry_many([unknown, queued, dead, dead])
        assert [each.id for each in replies] == [unknown, queued, dead, dead]
        assert answers(replies) == [
            (None, False),
            (JobState.QUEUED, False),
            (JobState.QUEUED, True),
            (JobState.QUEUED, False),
        ]
