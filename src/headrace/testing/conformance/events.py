"""The journal of job events: off until it is wanted, complete while it is on, in order, and bounded."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from headrace.errors import Unsupported
from headrace.model.event import EventKind, EventPage, EventRetention
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Released, Snoozed, Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
from headrace.storage.signals import EVENT
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    INSTANT,
    LIMIT,
    begin,
    claim_one,
    enqueue,
    finish,
    job,
    put_in,
)
from headrace.testing.conformance.signals import heard_until

ALL = 1_000


async def switch_on(backend: Backend, **retention: object) -> None:
    """Have the journal written, or skip the test where there is none."""
    if not backend.capabilities.events:
        pytest.skip("this store keeps no journal")
    await backend.events.enable(EventRetention(**retention))  # type: ignore[arg-type]


async def page(backend: Backend, after: int = 0, limit: int = ALL) -> EventPage:
    """A page of the journal."""
    return await backend.events.read(after=after, limit=limit)


async def kinds(backend: Backend, job_id: JobId | None = None) -> list[EventKind]:
    """What the journal tells, of one job or of all."""
    return [each.kind for each in (await page(backend)).events if job_id in (None, each.job_id)]


class EventPromises:
    async def test_a_journal_that_is_off_tells_nothing(self, backend: Backend) -> None:
        assert (await backend.events.status()).retention is None
        if backend.capabilities.events:
            await enqueue(backend, job())
            assert await page(backend) == EventPage(after=0, events=[], oldest=0, newest=0)

    async def test_an_event_tells_of_its_job(self, backend: Backend, clock: FrozenClock) -> None:
        await switch_on(backend)
        [job_id] = await enqueue(backend, job("greet", queue="mail", tags=("a", "b")))
        [event] = (await page(backend)).events
        assert (event.sequence, event.kind, event.job_id) == (1, EventKind.ENQUEUED, job_id)
        assert (event.task, event.queue, event.tags) == ("greet", "mail", ("a", "b"))
        assert (event.state, event.attempt) == (JobState.QUEUED, 0)
        if backend.capabilities.settable_clock:
            assert event.at == clock.now()

    async def test_a_job_that_succeeds_is_enqueued_started_and_succeeded(self, backend: Backend) -> None:
        await switch_on(backend)
        claimed = await begin(backend)
        await finish(backend, claimed, Completed(result=b"1"))
        events = (await page(backend)).events
        assert [each.kind for each in events] == [EventKind.ENQUEUED, EventKind.STARTED, EventKind.SUCCEEDED]
        assert [each.attempt for each in events] == [0, 1, 1]
        assert [each.sequence for each in events] == [1, 2, 3]

    @pytest.mark.parametrize(
        ("outcome", "kind", "state", "attempt"),
        [
            (Failed(error=ERROR), EventKind.DEAD, JobState.DEAD, 1),
            (Failed(error=ERROR, retry_in=HOUR), EventKind.RETRYING, JobState.SCHEDULED, 1),
            (Failed(error=ERROR, retry_in=timedelta(0)), EventKind.RETRYING, JobState.QUEUED, 1),
            (Discarded(reason="no"), EventKind.DEAD, JobState.DEAD, 1),
            (Cancelled(reason="no"), EventKind.CANCELLED, JobState.CANCELLED, 1),
            (Snoozed(delay=HOUR), EventKind.SNOOZED, JobState.SCHEDULED, 0),
            (Waiting(seen=0), EventKind.WAITING, JobState.WAITING, 0),
            (Released(), EventKind.RELEASED, JobState.QUEUED, 0),
        ],
        ids=lambda value: value.value if isinstance(value, EventKind) else "",
    )
    async def test_each_outcome_is_told(
        self,
        backend: Backend,
        clock: FrozenClock,
        outcome: Outcome,
        kind: EventKind,
        state: JobState,
        attempt: int,
    ) -> None:
        await switch_on(backend)
        claimed = await begin(backend)
        clock.advance(HOUR / 2)
        await backend.jobs.heartbeat([claimed.lease], extend=HOUR)
        await finish(backend, claimed, outcome)
        event = (await page(backend)).events[-1]
        assert (event.kind, event.state, event.attempt) == (kind, state, attempt)
        if backend.capabilities.settable_clock:
            assert event.at == clock.now()

    async def test_what_people_do_is_told(self, backend: Backend) -> None:
        await switch_on(backend)
        later = await put_in(backend, JobState.SCHEDULED)
        await backend.jobs.edit_many([JobEdit(id=later, run_at=backend.clock.now() - HOUR)])
        await backend.jobs.edit_many([JobEdit(id=later, run_at=backend.clock.now() + HOUR, tags=("late",))])
        await backend.jobs.cancel_many([later], reason="no")
        await backend.jobs.retry_many([later])
        assert await kinds(backend, later) == [
            EventKind.ENQUEUED,
            EventKind.QUEUED,
            EventKind.SCHEDULED,
            EventKind.CANCELLED,
            EventKind.REQUEUED,
        ]
        assert [each.tags for each in (await page(backend)).events][2:] == [("late",)] * 3

    async def test_a_discarded_dead_letter_is_cancelled(self, backend: Backend) -> None:
        await switch_on(backend)
        dead = await put_in(backend, JobState.DEAD)
        await backend.jobs.discard_many([dead], reason="seen")
        assert (await kinds(backend, dead))[-1] is EventKind.CANCELLED

    async def test_a_waiting_job_that_is_woken_is_queued(self, backend: Backend) -> None:
        await switch_on(backend)
        waiting = await put_in(backend, JobState.WAITING)
        await backend.jobs.wake_many([waiting])
        assert (await kinds(backend, waiting))[-1] is EventKind.QUEUED

    async def test_what_upkeep_does_is_told(self, backend: Backend, clock: FrozenClock) -> None:
        await switch_on(backend)
        due, late = await enqueue(backend, job(delay=HOUR), job(queue="late", expires_in=HOUR))
        lost = await begin(backend, queue="lost", max_attempts=2)
        clock.advance(2 * HOUR)
        await backend.jobs.promote(limit=LIMIT)
        await backend.jobs.expire(limit=LIMIT)
        await backend.jobs.rescue(limit=LIMIT)
        assert (await kinds(backend, due))[-1] is EventKind.QUEUED
        assert (await kinds(backend, late))[-1] is EventKind.EXPIRED
        assert (await kinds(backend, lost.job.id))[-1] is EventKind.RETRYING
        await claim_one(backend, queue="lost")
        clock.advance(2 * HOUR)
        await backend.jobs.rescue(limit=LIMIT)
        assert (await kinds(backend, lost.job.id))[-1] is EventKind.DEAD

    async def test_what_changes_no_state_is_not_told(self, backend: Backend) -> None:
        await switch_on(backend)
        new = job()
        await enqueue(backend, new)
        await backend.jobs.enqueue_many([new])
        await backend.jobs.edit_many([JobEdit(id=new.id, priority=9, queue="other")])
        claimed = await claim_one(backend, queue="other")
        await backend.jobs.heartbeat([claimed.lease], extend=HOUR)
        await backend.jobs.cancel_many([new.id], reason="stop")
        await finish(backend, claimed, Completed())
        await finish(backend, claimed, Completed())
        await backend.jobs.delete_many([new.id])
        assert await kinds(backend) == [EventKind.ENQUEUED, EventKind.STARTED, EventKind.SUCCEEDED]

    async def test_a_journal_is_read_in_pages_without_a_gap(self, backend: Backend) -> None:
        await switch_on(backend)
        await asyncio.gather(*(enqueue(backend, job()) for _ in range(25)))
        found: list[int] = []
        after = 0
        while len((part := await page(backend, after, limit=7)).events):
            found += [each.sequence for each in part.events]
            assert (part.oldest, part.newest, part.lost) == (1, 25, False)
            after = part.last
        assert found == list(range(1, 26))
        assert (part.last, part.lost) == (25, False)

    async def test_a_reader_that_was_away_too_long_is_told(self, backend: Backend, clock: FrozenClock) -> None:
        await switch_on(backend, keep=HOUR)
        await enqueue(backend, job(), job())
        clock.advance(HOUR / 2)
        await enqueue(backend, job(), job())
        clock.advance(HOUR / 2 + INSTANT)
        assert await backend.events.prune(limit=1) == 1
        assert await backend.events.prune(limit=10) == 1
        assert await backend.events.prune(limit=10) == 0
        assert [(await page(backend, after)).lost for after in (0, 1, 2, 4, 5)] == [True, True, False, False, True]
        part = await page(backend, 0)
        assert ([each.sequence for each in part.events], part.oldest) == ([3, 4], 3)

    async def test_no_more_events_are_kept_than_are_to_be(self, backend: Backend) -> None:
        await switch_on(backend, keep_max=3)
        await enqueue(backend, *(job() for _ in range(10)))
        assert await backend.events.prune(limit=4) == 4
        assert await backend.events.prune(limit=100) == 3
        status = await backend.events.status()
        assert (status.oldest, status.newest) == (8, 10)

    async def test_sequences_go_on_when_all_is_forgotten(self, backend: Backend, clock: FrozenClock) -> None:
        await switch_on(backend, keep=HOUR)
        await enqueue(backend, job(), job())
        clock.advance(10 * HOUR)
        assert await backend.events.prune(limit=10) == 1
        await enqueue(backend, job())
        part = await page(backend, 2)
        assert ([each.sequence for each in part.events], part.lost) == ([3], False)

    async def test_a_journal_is_switched_off_and_on_while_jobs_go_on(self, backend: Backend) -> None:
        await switch_on(backend)
        await enqueue(backend, job())
        await backend.events.disable()
        assert (await backend.events.status()).retention is None
        await enqueue(backend, job())
        await switch_on(backend, keep_max=7)
        await switch_on(backend, keep_max=8)
        assert (await backend.events.status()).retention == EventRetention(keep_max=8)
        [third] = await enqueue(backend, job())
        assert [each.sequence for each in (await page(backend)).events] == [1, 2]
        assert (await page(backend)).events[-1].job_id == third

    async def test_switching_off_what_is_off_is_fine(self, backend: Backend) -> None:
        await switch_on(backend)
        await backend.events.disable()
        await backend.events.disable()
        assert await backend.events.prune(limit=10) == 0

    async def test_a_sibling_reads_what_was_written(self, backend: Backend) -> None:
        await switch_on(backend)
        other = backend.sibling()
        await other.open()
        try:
            await enqueue(other, job())
            assert await kinds(backend) == await kinds(other) == [EventKind.ENQUEUED]
        finally:
            await other.close()

    async def test_readers_are_woken(self, backend: Backend) -> None:
        await switch_on(backend)
        async with backend.signals.subscribe({EVENT}) as signals:
            claimed = await begin(backend)
            assert await heard_until(signals, "event:*")
            await finish(backend, claimed, Completed())
            assert await heard_until(signals, "event:*")


class NoEventPromises:
    async def test_a_store_without_a_journal_refuses_it(self, backend: Backend) -> None:
        if backend.capabilities.events:
            pytest.skip("this store keeps a journal")
        calls = [
            backend.events.enable(EventRetention()),
            backend.events.disable(),
            backend.events.read(after=0, limit=1),
            backend.events.prune(limit=1),
        ]
        for call in calls:
            with pytest.raises(Unsupported, match="no journal"):
                await call
