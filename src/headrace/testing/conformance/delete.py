"""Deleting: a job that is not running goes, with all that is known of it."""

from __future__ import annotations

import pytest

from headrace.model.ids import new_job_id
from headrace.model.job import JobState, LogLine
from headrace.model.outcome import Failed
from headrace.storage.backend import Backend
from headrace.storage.jobs import Expiration, Report
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    LIMIT,
    answers,
    begin,
    claim,
    enqueue,
    finish,
    history,
    job,
    put_in,
    state_of,
)


class DeletePromises:
    @pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RUNNING])
    async def test_a_job_in_this_state_is_deleted(self, backend: Backend, clock: FrozenClock, state: JobState) -> None:
        job_id = await put_in(backend, state, queue="default")
        assert answers(await backend.jobs.delete_many([job_id])) == [(state, True)]
        assert await backend.reader.get_many([job_id]) == [None]
        clock.advance(2 * HOUR)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 0
        assert await backend.jobs.expire(limit=LIMIT) == Expiration()
        assert await claim(backend) == []
        assert await backend.reader.counts() == []

    async def test_a_running_job_is_left_alone(self, backend: Backend) -> None:
        claimed = await begin(backend)
        assert answers(await backend.jobs.delete_many([claimed.job.id])) == [(JobState.RUNNING, False)]
        assert await state_of(backend, claimed.job.id) is JobState.RUNNING

    async def test_its_history_and_log_go_with_it(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        line = LogLine(at=clock.now(), level="info", message="hello", attempt=1)
        await backend.jobs.report_many([Report(lease=claimed.lease, logs=(line,))])
        await finish(backend, claimed, Failed(error=ERROR))
        await backend.jobs.delete_many([claimed.job.id])
        assert await history(backend, claimed.job.id) == []
        assert await backend.reader.logs(claimed.job.id) == []

    async def test_its_id_can_be_used_again_with_nothing_left_of_the_old(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Failed(error=ERROR))
        await backend.jobs.delete_many([claimed.job.id])
        await enqueue(backend, job("other", id=claimed.job.id))
        [fresh] = await backend.reader.get_many([claimed.job.id])
        assert fresh is not None
        assert (fresh.task, fresh.attempt, fresh.claims, fresh.error) == ("other", 0, 0, None)
        assert await history(backend, claimed.job.id) == []

    async def test_deletions_are_answered_in_order(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        unknown = new_job_id()
        replies = await backend.jobs.delete_many([unknown, job_id, job_id])
        assert [each.id for each in replies] == [unknown, job_id, job_id]
        assert answers(replies) == [(None, False), (JobState.QUEUED, True), (None, False)]
