"""Editing: new values for jobs that are not running and have not succeeded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headrace.errors import TooLarge
from headrace.model.ids import new_job_id
from headrace.model.job import JobState
from headrace.model.outcome import Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import Expiration, JobEdit
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
    ids_of,
    job,
    put_in,
    read,
)

FIXED = (JobState.RUNNING, JobState.SUCCEEDED)


class EditPromises:
    async def test_given_fields_change_and_others_stay(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(tags=("a",), meta={"k": 1}, timeout=HOUR, expires_in=HOUR))
        before = await read(backend, job_id)
        edit = JobEdit(
            id=job_id,
            queue="other",
            priority=9,
            expires_at=None,
            max_attempts=1,
            payload=b"new",
            tags=("b", "c"),
            meta={"l": [2]},
            task_version=7,
        )
        assert answers(await backend.jobs.edit_many([edit])) == [(JobState.QUEUED, True)]
        after = await read(backend, job_id)
        assert (after.queue, after.priority, after.expires_at, after.max_attempts) == ("other", 9, None, 1)
        assert (after.payload, after.tags, after.meta) == (b"new", ("b", "c"), {"l": [2]})
        assert after.task_version == 7
        for name in ("state", "run_at", "enqueued_at", "timeout", "task", "attempt", "codec"):
            assert getattr(after, name) == getattr(before, name), name

    async def test_fields_not_given_stay(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(tags=("a",), expires_in=HOUR))
        before = await read(backend, job_id)
        await backend.jobs.edit_many([JobEdit(id=job_id)])
        assert await read(backend, job_id) == before

    @pytest.mark.parametrize("state", [state for state in JobState if state not in FIXED])
    async def test_a_job_in_this_state_is_edited_and_stays_in_it(self, backend: Backend, state: JobState) -> None:
        job_id = await put_in(backend, state)
        assert answers(await backend.jobs.edit_many([JobEdit(id=job_id, payload=b"new")])) == [(state, True)]
        after = await read(backend, job_id)
        assert (after.state, after.payload) == (state, b"new")

    @pytest.mark.parametrize("state", FIXED)
    async def test_a_running_or_succeeded_job_is_left_alone(self, backend: Backend, state: JobState) -> None:
        job_id = await put_in(backend, state)
        before = await read(backend, job_id)
        assert answers(await backend.jobs.edit_many([JobEdit(id=job_id, payload=b"new")])) == [(state, False)]
        assert await read(backend, job_id) == before

    async def test_a_queued_job_moved_ahead_is_scheduled(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job())
        later = clock.now() + HOUR
        assert answers(await backend.jobs.edit_many([JobEdit(id=job_id, run_at=later)])) == [(JobState.SCHEDULED, True)]
        assert await claim(backend) == []
        clock.advance(HOUR)
        await backend.jobs.promote(limit=LIMIT)
        claimed = await claim_one(backend)
        assert (claimed.job.id, claimed.job.run_at) == (job_id, later)

    async def test_a_scheduled_job_moved_to_now_is_queued(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(delay=HOUR))
        edit = JobEdit(id=job_id, run_at=clock.now())
        assert answers(await backend.jobs.edit_many([edit])) == [(JobState.QUEUED, True)]
        assert (await claim_one(backend)).job.id == job_id

    async def test_the_instant_of_a_waiting_job_moves(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Waiting(seen=0, until=clock.now() + HOUR))
        edit = JobEdit(id=claimed.job.id, run_at=clock.now() + 2 * HOUR)
        assert answers(await backend.jobs.edit_many([edit])) == [(JobState.WAITING, True)]
        clock.advance(HOUR + INSTANT)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 0
        clock.advance(HOUR)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 1

    async def test_a_new_priority_decides_the_next_claim(self, backend: Backend) -> None:
        first, second = await enqueue(backend, job(), job())
        await backend.jobs.edit_many([JobEdit(id=second, priority=9)])
        assert ids_of(await claim(backend, 2)) == [second, first]

    async def test_a_job_moved_to_another_queue_is_claimed_there(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        await backend.jobs.edit_many([JobEdit(id=job_id, queue="other")])
        assert await claim(backend) == []
        assert (await claim_one(backend, queue="other")).job.id == job_id

    async def test_a_new_expiry_counts(self, backend: Backend, clock: FrozenClock) -> None:
        sooner, later = await enqueue(backend, job(expires_in=HOUR), job(expires_in=HOUR))
        now = clock.now()
        edits = [JobEdit(id=sooner, expires_at=now + HOUR / 2), JobEdit(id=later, expires_at=now + 2 * HOUR)]
        await backend.jobs.edit_many(edits)
        clock.advance(HOUR / 2 + INSTANT)
        assert (await backend.jobs.expire(limit=LIMIT)).ids == (sooner,)
        clock.advance(HOUR)
        assert await backend.jobs.expire(limit=LIMIT) == Expiration(next_expiry=now + 2 * HOUR)
        assert (await claim_one(backend)).job.id == later

    async def test_answers_come_in_order_and_edits_add_up(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        edits = [
            JobEdit(id=job_id, priority=1),
            JobEdit(id=new_job_id(), priority=2),
            JobEdit(id=job_id, tags=("x",)),
        ]
        replies = await backend.jobs.edit_many(edits)
        assert answers(replies) == [(JobState.QUEUED, True), (None, False), (JobState.QUEUED, True)]
        after = await read(backend, job_id)
        assert (after.priority, after.tags) == (1, ("x",))

    @pytest.mark.parametrize("payload", [b'{"a":1}', b"\xff\x00"])
    async def test_an_edit_that_expects_another_payload_changes_nothing(self, backend: Backend, payload: bytes) -> None:
        [job_id] = await enqueue(backend, job(payload=payload))
        before = await read(backend, job_id)
        late = JobEdit(id=job_id, payload=b"late", priority=9, if_payload=b"other")
        assert answers(await backend.jobs.edit_many([late])) == [(JobState.QUEUED, False)]
        assert await read(backend, job_id) == before
        first, second = (JobEdit(id=job_id, payload=b"new", if_payload=payload, task_version=n) for n in (2, 3))
        assert answers(await backend.jobs.edit_many([first, second])) == [
            (JobState.QUEUED, True),
            (JobState.QUEUED, False),
        ]
        after = await read(backend, job_id)
        assert (after.payload, after.task_version) == (b"new", 2)

    async def test_a_payload_over_the_limit_edits_nothing(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        before = await read(backend, job_id)
        huge = b"x" * (backend.capabilities.max_payload + 1)
        with pytest.raises(TooLarge, match=str(len(huge))):
            await backend.jobs.edit_many([JobEdit(id=job_id, priority=9), JobEdit(id=job_id, payload=huge)])
        assert await read(backend, job_id) == before

    async def test_a_shifted_attempt_limit_decides_the_next_rescue(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(max_attempts=5))
        await backend.jobs.edit_many([JobEdit(id=job_id, max_attempts=1)])
        await claim_one(backend, lease=timedelta(seconds=1))
        clock.advance(timedelta(seconds=2))
        [rescued] = await backend.jobs.rescue(limit=LIMIT)
        assert rescued.state is JobState.DEAD
