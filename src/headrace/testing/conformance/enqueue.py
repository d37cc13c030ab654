"""Promises 1, 2 and 13 for ``enqueue_many``: everything is stored as given, all or nothing, by the store's clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from headrace.errors import TooLarge
from headrace.model.job import JobState
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, claim_one, enqueue, job, read


class EnqueuePromises:
    async def test_a_job_is_read_back_as_it_was_given(self, backend: Backend, clock: FrozenClock) -> None:
        new = job(
            "greet",
            payload=b'["Ada"]',
            codec="json+pydantic",
            queue="mail",
            priority=7,
            run_at=clock.now() + HOUR,
            expires_at=clock.now() + 2 * HOUR,
            max_attempts=3,
            timeout=timedelta(seconds=1.5),
            idempotency_key="greet-ada",
            tags=("eu", "ß"),
            meta={"by": "Łukasz", "nested": {"list": [1, 2.5, None, True]}},
            trace="00-abc-def-01",
            task_version=4,
        )
        [answer] = await backend.jobs.enqueue_many([new])
        assert (answer.id, answer.state, answer.duplicate, answer.conflict) == (
            new.id,
            JobState.SCHEDULED,
            False,
            False,
        )
        stored = await read(backend, new.id)
        for name in ("id", "task", "payload", "codec", "queue", "priority", "run_at", "expires_at", "max_attempts"):
            assert getattr(stored, name) == getattr(new, name), name
        for name in ("timeout", "idempotency_key", "tags", "meta", "trace", "task_version"):
            assert getattr(stored, name) == getattr(new, name), name
        assert stored.enqueued_at == clock.now()

    async def test_a_new_job_has_no_past(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        stored = await read(backend, job_id)
        assert (stored.attempt, stored.claims, stored.wakes) == (0, 0, 0)
        assert (stored.started_at, stored.finished_at, stored.worker, stored.reason) == (None, None, None, None)
        assert (stored.error, stored.progress, stored.result, stored.cancel_requested) == (None, None, None, False)
        assert await backend.reader.attempts(job_id) == []
        assert await backend.reader.logs(job_id) == []

    async def test_a_claim_hands_the_payload_over_as_it_was_given(self, backend: Backend) -> None:
        for payload in (b"", b"\x00\xff\xfe", "ł€😀".encode(), b"'; --"):
            [job_id] = await enqueue(backend, job(payload=payload))
            claimed = await claim_one(backend)
            assert (claimed.job.id, claimed.job.payload) == (job_id, payload)

    async def test_without_run_at_it_is_queued_and_due_now(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job())
        stored = await read(backend, job_id)
        assert (stored.state, stored.run_at) == (JobState.QUEUED, clock.now())

    async def test_a_run_at_ahead_schedules(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(run_at=clock.now() + HOUR))
        assert (await read(backend, job_id)).state is JobState.SCHEDULED

    async def test_a_run_at_of_now_queues(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(run_at=clock.now()))
        assert (await read(backend, job_id)).state is JobState.QUEUED

    async def test_a_run_at_in_the_past_queues_and_is_kept(self, backend: Backend, clock: FrozenClock) -> None:
        [job_id] = await enqueue(backend, job(run_at=clock.now() - HOUR))
        stored = await read(backend, job_id)
        assert (stored.state, stored.run_at) == (JobState.QUEUED, clock.now() - HOUR)

    async def test_delays_are_counted_by_the_clock_of_the_store(self, backend: Backend, clock: FrozenClock) -> None:
        clock.advance(timedelta(days=400))
        [job_id] = await enqueue(backend, job(delay=HOUR, expires_in=2 * HOUR))
        stored = await read(backend, job_id)
        assert stored.state is JobState.SCHEDULED
        assert (stored.enqueued_at, stored.run_at) == (clock.now(), clock.now() + HOUR)
        assert stored.expires_at == clock.now() + 2 * HOUR

    async def test_a_delay_of_nothing_queues(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(delay=timedelta(0)))
        assert (await read(backend, job_id)).state is JobState.QUEUED

    async def test_answers_come_in_the_order_of_the_jobs(self, backend: Backend) -> None:
        jobs = [job(priority=n % 10, queue=f"q{n % 3}", delay=HOUR if n % 2 else None) for n in range(50)]
        answers = await backend.jobs.enqueue_many(list(reversed(jobs)))
        assert [answer.id for answer in answers] == [new.id for new in reversed(jobs)]
        assert [answer.state is JobState.SCHEDULED for answer in answers] == [bool(n % 2) for n in reversed(range(50))]

    async def test_an_empty_batch_of_jobs_answers_nothing(self, backend: Backend) -> None:
        assert await backend.jobs.enqueue_many([]) == []

    async def test_a_batch_of_the_largest_size_is_stored_whole(self, backend: Backend) -> None:
        jobs = [job() for _ in range(backend.capabilities.max_batch)]
        await enqueue(backend, *jobs)
        assert None not in await backend.reader.get_many([new.id for new in jobs])

    async def test_a_batch_over_the_limit_stores_nothing(self, backend: Backend) -> None:
        most = backend.capabilities.max_batch
        jobs = [job() for _ in range(most + 1)]
        with pytest.raises(TooLarge, match=rf"{most + 1}\D+{most}\b"):
            await backend.jobs.enqueue_many(jobs)
        assert set(await backend.reader.get_many([new.id for new in jobs])) == {None}

    async def test_one_payload_over_the_limit_stores_nothing_of_its_batch(self, backend: Backend) -> None:
        most = backend.capabilities.max_payload
        jobs = [job(), job(payload=b"x" * (most + 1)), job()]
        with pytest.raises(TooLarge, match=rf"{most + 1}\D+{most}\b"):
            await backend.jobs.enqueue_many(jobs)
        assert await backend.reader.get_many([new.id for new in jobs]) == [None, None, None]

    async def test_a_payload_of_the_largest_size_is_stored(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(payload=b"x" * backend.capabilities.max_payload))
        assert len((await read(backend, job_id)).payload) == backend.capabilities.max_payload

    async def test_concurrent_calls_each_get_their_own_answer(self, backend: Backend) -> None:
        batches = [[job() for _ in range(n % 4)] for n in range(40)]
        replies = await asyncio.gather(*(backend.jobs.enqueue_many(batch) for batch in batches))
        assert [[answer.id for answer in reply] for reply in replies] == [[n.id for n in batch] for batch in batches]

    async def test_a_call_that_is_too_large_does_not_harm_those_beside_it(self, backend: Backend) -> None:
        good = [job() for _ in range(10)]
        bad = job(payload=b"x" * (backend.capabilities.max_payload + 1))
        calls = [backend.jobs.enqueue_many([new]) for new in (*good[:5], bad, *good[5:])]
        replies = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(replies[5], TooLarge)
        assert None not in await backend.reader.get_many([new.id for new in good])
