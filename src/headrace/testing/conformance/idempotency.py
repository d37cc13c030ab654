"""Promise 3: the same id, or the same idempotency key within its window, again changes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from headrace.model.job import JobState
from headrace.model.queue import Retention
from headrace.storage.backend import Backend
from headrace.storage.jobs import Enqueued
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, INSTANT, LIMIT, begin, claim, enqueue, job, put_in, read

NONE_KEPT = Retention(succeeded=timedelta(0), cancelled=timedelta(0), expired=timedelta(0), dead=timedelta(0))


def keyed(key: str = "k", task: str = "t", payload: bytes = b"1", window: timedelta = HOUR) -> dict[str, Any]:
    return {"task": task, "payload": payload, "idempotency_key": key, "idempotency_window": window}


class IdempotencyPromises:
    async def test_the_same_id_again_is_a_duplicate_and_changes_nothing(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [job_id] = await enqueue(backend, job(payload=b"1"))
        before = await read(backend, job_id)
        clock.advance(HOUR)
        [answer] = await backend.jobs.enqueue_many([job("other", id=job_id, payload=b"2", queue="q2", delay=HOUR)])
        assert answer == Enqueued(id=job_id, state=JobState.QUEUED, duplicate=True)
        assert await read(backend, job_id) == before

    async def test_the_same_id_twice_in_a_batch_is_stored_once(self, backend: Backend) -> None:
        new = job()
        first, second = await backend.jobs.enqueue_many([new, new])
        assert (first.duplicate, second.duplicate) == (False, True)
        assert len(await claim(backend, 10)) == 1

    async def test_a_duplicate_tells_the_state_of_the_first(self, backend: Backend) -> None:
        claimed = await begin(backend)
        [answer] = await backend.jobs.enqueue_many([job(id=claimed.job.id)])
        assert answer == Enqueued(id=claimed.job.id, state=JobState.RUNNING, duplicate=True)

    async def test_an_ended_job_is_still_a_duplicate(self, backend: Backend) -> None:
        for state in (JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED, JobState.EXPIRED):
            job_id = await put_in(backend, state)
            [answer] = await backend.jobs.enqueue_many([job(id=job_id)])
            assert answer == Enqueued(id=job_id, state=state, duplicate=True)

    async def test_the_same_key_answers_with_the_first_job(self, backend: Backend) -> None:
        first, second = job(**keyed()), job(**keyed())
        await enqueue(backend, first)
        [answer] = await backend.jobs.enqueue_many([second])
        assert answer == Enqueued(id=first.id, state=JobState.QUEUED, duplicate=True)
        assert await backend.reader.get_many([second.id]) == [None]

    async def test_the_same_key_twice_in_a_batch_is_stored_once(self, backend: Backend) -> None:
        first, second = job(**keyed()), job(**keyed())
        answers = await backend.jobs.enqueue_many([first, second])
        assert [(each.id, each.duplicate) for each in answers] == [(first.id, False), (first.id, True)]
        assert len(await claim(backend, 10)) == 1

    async def test_a_mixed_batch_is_answered_in_order(self, backend: Backend) -> None:
        old, old_keyed = job(), job(**keyed("old"))
        await enqueue(backend, old, old_keyed)
        fresh, fresh_keyed, again = job(), job(**keyed("new")), job(**keyed("new"))
        clash = job(**keyed("old", payload=b"2"))
        batch = [fresh, old, job(**keyed("old")), clash, fresh_keyed, fresh, again]
        answers = await backend.jobs.enqueue_many(batch)
        assert [(each.id, each.duplicate, each.conflict) for each in answers] == [
            (fresh.id, False, False),
            (old.id, True, False),
            (old_keyed.id, True, False),
            (old_keyed.id, False, True),
            (fresh_keyed.id, False, False),
            (fresh.id, True, False),
            (fresh_keyed.id, True, False),
        ]
        assert len(await claim(backend, 10)) == 4

    async def test_fifty_concurrent_calls_with_one_key_make_one_job(self, backend: Backend) -> None:
        replies = await asyncio.gather(*(backend.jobs.enqueue_many([job(**keyed())]) for _ in range(50)))
        answers = [answer for [answer] in replies]
        assert sum(not answer.duplicate for answer in answers) == 1
        assert len({answer.id for answer in answers}) == 1
        assert len(await claim(backend, 100)) == 1

    async def test_fifty_concurrent_calls_with_one_id_make_one_job(self, backend: Backend) -> None:
        new = job()
        replies = await asyncio.gather(*(backend.jobs.enqueue_many([new]) for _ in range(50)))
        assert sum(not answer.duplicate for [answer] in replies) == 1
        assert len(await claim(backend, 100)) == 1

    async def test_another_task_under_the_key_is_a_conflict(self, backend: Backend) -> None:
        first, second = job(**keyed()), job(**keyed(task="other"))
        await enqueue(backend, first)
        [answer] = await backend.jobs.enqueue_many([second])
        assert answer == Enqueued(id=first.id, state=JobState.QUEUED, conflict=True)
        assert await backend.reader.get_many([second.id]) == [None]

    async def test_another_payload_under_the_key_is_a_conflict_and_the_rest_is_stored(self, backend: Backend) -> None:
        first, second, third = job(**keyed()), job(**keyed(payload=b"2")), job()
        answers = await backend.jobs.enqueue_many([first, second, third])
        assert [(each.duplicate, each.conflict) for each in answers] == [(False, False), (False, True), (False, False)]
        assert await backend.reader.get_many([second.id]) == [None]
        assert len(await claim(backend, 10)) == 2

    async def test_jobs_of_one_kind_without_a_key_are_different_jobs(self, backend: Backend) -> None:
        await enqueue(backend, *(job("t", payload=b"1") for _ in range(3)))
        assert len(await claim(backend, 10)) == 3

    async def test_a_key_is_held_until_its_window_is_over(self, backend: Backend, clock: FrozenClock) -> None:
        first = job(**keyed())
        await enqueue(backend, first)
        clock.advance(HOUR - INSTANT)
        [within] = await backend.jobs.enqueue_many([job(**keyed())])
        assert within.duplicate
        clock.advance(2 * INSTANT)
        [after] = await backend.jobs.enqueue_many([job(**keyed(payload=b"2"))])
        assert (after.duplicate, after.conflict) == (False, False)
        assert after.id != first.id

    async def test_a_key_taken_anew_is_held_for_its_own_window(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(**keyed()))
        clock.advance(HOUR + INSTANT)
        second = job(**keyed())
        await enqueue(backend, second)
        await backend.jobs.prune(Retention(), limit=LIMIT)
        [answer] = await backend.jobs.enqueue_many([job(**keyed())])
        assert (answer.id, answer.duplicate) == (second.id, True)

    async def test_a_key_is_held_after_its_job_has_ended(self, backend: Backend) -> None:
        job_id = await put_in(backend, JobState.SUCCEEDED, **keyed())
        [answer] = await backend.jobs.enqueue_many([job(**keyed())])
        assert answer == Enqueued(id=job_id, state=JobState.SUCCEEDED, duplicate=True)

    async def test_a_key_is_held_within_its_window_when_its_job_was_pruned(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        job_id = await put_in(backend, JobState.CANCELLED, **keyed())
        clock.advance(INSTANT)
        assert await backend.jobs.prune(NONE_KEPT, limit=LIMIT) == 1
        [answer] = await backend.jobs.enqueue_many([job(**keyed())])
        assert (answer.id, answer.duplicate) == (job_id, True)

    async def test_deleting_a_job_frees_its_key(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(**keyed()))
        await backend.jobs.delete_many([job_id])
        [answer] = await backend.jobs.enqueue_many([job(**keyed(payload=b"2"))])
        assert (answer.duplicate, answer.conflict) == (False, False)

    async def test_deleting_a_job_does_not_free_a_key_another_has_taken(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [old] = await enqueue(backend, job(**keyed()))
        clock.advance(HOUR + INSTANT)
        [young] = await enqueue(backend, job(**keyed()))
        await backend.jobs.delete_many([old])
        [answer] = await backend.jobs.enqueue_many([job(**keyed())])
        assert (answer.id, answer.duplicate) == (young, True)
