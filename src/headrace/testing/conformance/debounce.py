"""Promises about debounce and throttle: both are unique keys, told by the store's own clock."""

from __future__ import annotations

from datetime import timedelta

from headrace.model.job import REPLACEABLE_STATES, JobState, NewJob, UniqueKey
from headrace.model.outcome import Completed, Failed
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import ERROR, INSTANT, LIMIT, claim, claim_one, finish, job, read

CALM = timedelta(seconds=5)
MOST = timedelta(seconds=12)


def debounced(payload: bytes = b"{}", push_max: timedelta | None = None) -> NewJob:
    """A job that waits for calm."""
    states = tuple(sorted(REPLACEABLE_STATES))
    unique = UniqueKey(key="k", states=states, on_conflict="replace", push_max=push_max)
    return job(payload=payload, delay=CALM, unique=unique)


def throttled() -> NewJob:
    """A job of which there is one a period."""
    return job(unique=UniqueKey(key="k", states=tuple(JobState), period=CALM, on_conflict="drop"))


class DebouncePromises:
    """Each enqueue pushes the job ahead and replaces it, until it begins; a throttle lets the first one through."""

    async def test_each_enqueue_pushes_the_job_ahead_and_the_last_payload_runs(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        ids = set()
        for n in range(4):
            [answer] = await backend.jobs.enqueue_many([debounced(b"%d" % n)])
            assert answer.state is JobState.SCHEDULED
            assert (await read(backend, answer.id)).run_at == clock.now() + CALM
            ids.add(answer.id)
            clock.advance(CALM - INSTANT)
            assert (await backend.jobs.promote(limit=LIMIT)).count == 0
        assert len(ids) == 1
        clock.advance(INSTANT)
        assert (await backend.jobs.promote(limit=LIMIT)).count == 1
        assert [each.job.payload for each in await claim(backend, 10)] == [b"3"]

    async def test_it_is_never_pushed_past_the_most_since_the_first_enqueue(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = clock.now()
        due = []
        for _ in range(3):
            [answer] = await backend.jobs.enqueue_many([debounced(push_max=MOST)])
            due.append((await read(backend, answer.id)).run_at - first)
            clock.advance(CALM - INSTANT)
        assert due == [CALM, 2 * CALM - INSTANT, MOST]

    async def test_past_the_most_it_is_due_at_once_and_keeps_its_place(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = clock.now()
        await backend.jobs.enqueue_many([debounced(push_max=MOST)])
        clock.advance(MOST + CALM)
        for payload in (b"1", b"2"):
            [answer] = await backend.jobs.enqueue_many([debounced(payload, push_max=MOST)])
            assert (answer.state, answer.replaced) == (JobState.QUEUED, True)
            assert (await read(backend, answer.id)).run_at == first + MOST
        assert (await claim_one(backend)).job.payload == b"2"

    async def test_a_job_that_is_due_but_has_not_begun_is_pushed_too(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await backend.jobs.enqueue_many([debounced()])
        clock.advance(CALM)
        await backend.jobs.promote(limit=LIMIT)
        [answer] = await backend.jobs.enqueue_many([debounced(b"2")])
        assert (answer.state, answer.replaced) == (JobState.SCHEDULED, True)
        assert await claim(backend, 10) == []

    async def test_once_it_runs_or_has_ended_a_new_one_begins(self, backend: Backend, clock: FrozenClock) -> None:
        [first] = await backend.jobs.enqueue_many([debounced()])
        clock.advance(CALM)
        await backend.jobs.promote(limit=LIMIT)
        claimed = await claim_one(backend)
        [second] = await backend.jobs.enqueue_many([debounced(b"2")])
        assert (second.added, second.id == first.id) == (True, False)
        assert (await read(backend, first.id)).payload == b"{}"
        await finish(backend, claimed, Completed())
        [third] = await backend.jobs.enqueue_many([debounced(b"3")])
        assert (third.id, third.replaced) == (second.id, True)

    async def test_a_burst_in_one_batch_makes_one_job(self, backend: Backend, clock: FrozenClock) -> None:
        answers = await backend.jobs.enqueue_many([debounced(b"%d" % n) for n in range(20)])
        assert [each.added for each in answers] == [True, *[False] * 19]
        clock.advance(CALM)
        await backend.jobs.promote(limit=LIMIT)
        assert [each.job.payload for each in await claim(backend, 10)] == [b"19"]

    async def test_a_throttle_lets_the_first_of_each_period_through(self, backend: Backend, clock: FrozenClock) -> None:
        let_through = []
        for _ in range(10):
            [answer] = await backend.jobs.enqueue_many([throttled()])
            let_through.append(answer.added)
            assert answer.added != answer.dropped
            clock.advance(CALM / 2)
        assert let_through == [True, False] * 5

    async def test_a_throttle_holds_however_its_job_ended(self, backend: Backend) -> None:
        for outcome in (Completed(), Failed(error=ERROR)):
            unique = UniqueKey(key=f"{outcome}"[:9], states=tuple(JobState), period=CALM, on_conflict="drop")
            await backend.jobs.enqueue_many([job(unique=unique)])
            await finish(backend, await claim_one(backend), outcome)
            [answer] = await backend.jobs.enqueue_many([job(unique=unique)])
            assert answer.dropped
