"""Dead letters: failures in groups, discarding, retrying with edits, and jobs that kill their workers."""

from __future__ import annotations

from datetime import timedelta

from headrace.model.ids import JobId
from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
from headrace.model.outcome import Discarded, Failed, Released
from headrace.model.page import JobQuery
from headrace.model.search import parse
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    HOUR,
    LEASE,
    LIMIT,
    answers,
    begin,
    claim_one,
    enqueue,
    finish,
    history,
    job,
    put_in,
    read,
    state_of,
)


def missing(order: int) -> ErrorInfo:
    """An error that differs from job to job in a number alone."""
    return ErrorInfo(type="KeyError", message=f"order {order} not found")


REFUSED = ErrorInfo(type="OSError", message="refused")


async def fail(backend: Backend, error: ErrorInfo, *, retry_in: timedelta | None = None, task: str = "t") -> JobId:
    """A job that has failed once."""
    claimed = await begin(backend, task=task)
    await finish(backend, claimed, Failed(error=error, retry_in=retry_in))
    return claimed.job.id


async def lose(backend: Backend, clock: FrozenClock, *, quarantine_after: int | None = 3) -> JobState:
    """Claim the one queued job, let its lease run out, rescue it; its state."""
    claimed = await claim_one(backend)
    clock.advance(LEASE)
    [rescued] = await backend.jobs.rescue(limit=LIMIT, quarantine_after=quarantine_after)
    assert rescued.id == claimed.job.id
    return rescued.state


class ErrorPromises:
    async def test_errors_that_differ_in_numbers_are_one_group(self, backend: Backend, clock: FrozenClock) -> None:
        first_seen = clock.now()
        first = await fail(backend, missing(17), task="b")
        clock.advance(HOUR)
        second = await fail(backend, missing(4_711), task="a")
        other = await fail(backend, REFUSED)
        groups = await backend.reader.error_groups(JobQuery())
        assert [(group.type, group.message, group.dead, group.retrying) for group in groups] == [
            ("KeyError", "order 4711 not found", 2, 0),
            ("OSError", "refused", 1, 0),
        ]
        assert groups[0].fingerprint == missing(1).fingerprint != groups[1].fingerprint
        assert (groups[0].tasks, groups[0].samples) == (("a", "b"), (second, first))
        assert (groups[0].first_seen, groups[0].last_seen) == (first_seen, clock.now())
        assert groups[1].samples == (other,)

    async def test_jobs_to_be_retried_are_counted_beside_the_dead(self, backend: Backend) -> None:
        await fail(backend, missing(1), retry_in=HOUR)
        await backend.jobs.retry_many([await fail(backend, missing(2))])
        await claim_one(backend)
        again = await fail(backend, missing(3))
        await backend.jobs.retry_many([again])
        [group] = await backend.reader.error_groups(JobQuery())
        assert (group.dead, group.retrying) == (0, 2)

    async def test_groups_are_of_the_jobs_that_match(self, backend: Backend) -> None:
        mail = await fail(backend, missing(1), task="mail")
        await fail(backend, missing(2), task="etl")
        await fail(backend, REFUSED)
        [group] = await backend.reader.error_groups(JobQuery(where=parse("task:mail state:dead")))
        assert (group.dead, group.samples, group.tasks) == (1, (mail,), ("mail",))
        assert await backend.reader.error_groups(JobQuery(where=parse("state:scheduled"))) == []

    async def test_no_more_groups_are_answered_than_asked_for(self, backend: Backend) -> None:
        for kind in ("A", "B", "C"):
            await fail(backend, ErrorInfo(type=kind, message=""))
        await fail(backend, ErrorInfo(type="B", message=""))
        groups = await backend.reader.error_groups(JobQuery(), limit=2)
        assert (len(groups), groups[0].type) == (2, "B")

    async def test_all_jobs_of_a_large_group_are_counted(self, backend: Backend, clock: FrozenClock) -> None:
        count, first_seen = 130, clock.now()
        await enqueue(backend, *(job(max_attempts=9) for _ in range(count)))
        for number in range(count):
            claimed = await claim_one(backend)
            retry_in = HOUR if number % 13 == 0 else None
            await finish(backend, claimed, Failed(error=missing(number), retry_in=retry_in))
        await fail(backend, REFUSED)
        clock.advance(timedelta(seconds=1))
        newest = await fail(backend, missing(0), task="b")
        fingerprint = missing(0).fingerprint
        for where in (None, parse(f"fingerprint:{fingerprint}")):
            group = (await backend.reader.error_groups(JobQuery(where=where), limit=1))[0]
            assert (group.fingerprint, group.dead, group.retrying) == (fingerprint, 121, 10)
            assert (group.samples[0], group.first_seen, group.last_seen) == (newest, first_seen, clock.now())
            assert (group.tasks, group.message) == (("b", "t"), "order 0 not found")
        both = f"fingerprint:{fingerprint},{REFUSED.fingerprint}"
        groups = await backend.reader.error_groups(JobQuery(where=parse(both)))
        assert [group.dead for group in groups] == [121, 1]
        assert await backend.reader.error_groups(JobQuery(where=parse("fingerprint:000000000000"))) == []

    async def test_a_fingerprint_finds_its_jobs(self, backend: Backend) -> None:
        found = await fail(backend, missing(1))
        await fail(backend, REFUSED)
        page = await backend.reader.find(JobQuery(where=parse(f"fingerprint:{missing(9).fingerprint}")))
        assert [each.id for each in page.items] == [found]

    async def test_the_fingerprint_that_came_with_the_error_is_kept(self, backend: Backend) -> None:
        failed = await fail(backend, ErrorInfo(type="E", message="m", fingerprint="0123456789ab"))
        error = (await read(backend, failed)).error
        assert error is not None
        assert error.fingerprint == "0123456789ab"

    async def test_the_last_error_counts(self, backend: Backend) -> None:
        await fail(backend, missing(1), retry_in=timedelta(0))
        claimed = await claim_one(backend)
        await finish(backend, claimed, Discarded(reason="no use", error=REFUSED))
        [group] = await backend.reader.error_groups(JobQuery())
        assert group.type == "OSError"

    async def test_a_discarded_job_is_no_dead_letter_and_can_be_retried(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        dead = await fail(backend, missing(1))
        clock.advance(HOUR)
        changed = await backend.jobs.discard_many([dead], reason="known, see the log")
        assert answers(changed) == [(JobState.CANCELLED, True)]
        found = await read(backend, dead)
        assert (found.reason, found.finished_at, found.error) == ("known, see the log", clock.now(), missing(1))
        assert await backend.reader.error_groups(JobQuery()) == []
        counts = {count.state: count.count for count in await backend.reader.counts()}
        assert counts == {JobState.CANCELLED: 1}
        assert answers(await backend.jobs.retry_many([dead])) == [(JobState.QUEUED, True)]

    async def test_only_dead_jobs_are_discarded(self, backend: Backend) -> None:
        for state in JobState:
            if state is not JobState.DEAD:
                changed = await backend.jobs.discard_many([await put_in(backend, state)], reason="no")
                assert answers(changed) == [(state, False)]

    async def test_a_retry_brings_its_edits_along(self, backend: Backend, clock: FrozenClock) -> None:
        dead = await fail(backend, missing(1))
        edit = JobEdit(id=dead, queue="careful", payload=b'{"order":2}', run_at=clock.now() + HOUR)
        changed = await backend.jobs.retry_many([dead], edits=[edit])
        assert answers(changed) == [(JobState.SCHEDULED, True)]
        found = await read(backend, dead)
        assert (found.queue, found.payload, found.attempt) == ("careful", b'{"order":2}', 0)

    async def test_what_is_not_retried_is_not_edited(self, backend: Backend) -> None:
        [queued] = await enqueue(backend, job(priority=3))
        changed = await backend.jobs.retry_many([queued], edits=[JobEdit(id=queued, priority=9)])
        assert answers(changed) == [(JobState.QUEUED, False)]
        assert (await read(backend, queued)).priority == 3

    async def test_a_job_that_kills_its_workers_is_quarantined(self, backend: Backend, clock: FrozenClock) -> None:
        [poison] = await enqueue(backend, job(max_attempts=10))
        assert [await lose(backend, clock) for _ in range(3)] == [JobState.QUEUED, JobState.QUEUED, JobState.DEAD]
        found = await read(backend, poison)
        assert found.reason == "quarantined: its worker died 3 times in a row while running it"
        assert found.attempt == 3
        assert {each.outcome for each in await history(backend, poison)} == {AttemptOutcome.LOST}

    async def test_without_a_quarantine_a_job_uses_up_its_attempts(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(max_attempts=4))
        states = [await lose(backend, clock, quarantine_after=None) for _ in range(4)]
        assert states == [JobState.QUEUED] * 3 + [JobState.DEAD]

    async def test_an_attempt_that_failed_by_itself_ends_the_row(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(max_attempts=10))
        for _ in range(2):
            await lose(backend, clock)
        await finish(backend, await claim_one(backend), Failed(error=REFUSED, retry_in=timedelta(0)))
        assert [await lose(backend, clock) for _ in range(3)] == [JobState.QUEUED, JobState.QUEUED, JobState.DEAD]

    async def test_attempts_given_back_neither_count_nor_end_the_row(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await enqueue(backend, job(max_attempts=10))
        assert await lose(backend, clock) is JobState.QUEUED
        await finish(backend, await claim_one(backend), Released())
        assert [await lose(backend, clock) for _ in range(2)] == [JobState.QUEUED, JobState.DEAD]

    async def test_a_retry_by_a_person_begins_a_new_row(self, backend: Backend, clock: FrozenClock) -> None:
        [poison] = await enqueue(backend, job(max_attempts=10))
        for _ in range(3):
            await lose(backend, clock)
        await backend.jobs.retry_many([poison])
        assert [await lose(backend, clock) for _ in range(2)] == [JobState.QUEUED] * 2
        assert await lose(backend, clock) is JobState.DEAD

    async def test_a_requested_cancellation_goes_before_the_quarantine(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [poison] = await enqueue(backend, job(max_attempts=10))
        for _ in range(2):
            await lose(backend, clock)
        await claim_one(backend)
        await backend.jobs.cancel_many([poison], reason="enough")
        clock.advance(LEASE)
        await backend.jobs.rescue(limit=LIMIT, quarantine_after=3)
        assert await state_of(backend, poison) is JobState.CANCELLED
