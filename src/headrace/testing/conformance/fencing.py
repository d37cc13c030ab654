"""Promise 4: a write under a lease that is not current changes nothing and answers ``STALE``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from headrace.model.ids import new_job_id
from headrace.model.job import JobState, LogLine, Progress
from headrace.model.lease import Claim, Lease
from headrace.model.outcome import (
    Cancelled,
    Completed,
    Discarded,
    Failed,
    Finish,
    Outcome,
    Released,
    Snoozed,
    Waiting,
)
from headrace.storage.backend import Backend
from headrace.storage.jobs import Report, Settled
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    INSTANT,
    LEASE,
    LIMIT,
    begin,
    claim,
    claim_one,
    enqueue,
    finish,
    history,
    job,
    read,
)

OUTCOMES: Sequence[Outcome] = (
    Completed(result=b"stale"),
    Failed(error=ERROR),
    Failed(error=ERROR, retry_in=timedelta(0)),
    Snoozed(delay=timedelta(seconds=1)),
    Cancelled(reason="stale"),
    Discarded(reason="stale"),
    Waiting(seen=0),
    Released(),
)
each_outcome = pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)


async def expect_refused(backend: Backend, old: Claim, clock: FrozenClock) -> None:
    """Every write under the old lease is refused and leaves the job as it is."""
    job_id = old.job.id
    before = await read(backend, job_id), await history(backend, job_id), await backend.reader.logs(job_id)
    for outcome in OUTCOMES:
        assert await finish(backend, old, outcome) is Settled.STALE
    line = LogLine(at=clock.now(), level="info", message="stale", attempt=1)
    report = Report(lease=old.lease, progress=Progress(done=1), logs=(line,))
    assert await backend.jobs.report_many([report]) == [Settled.STALE]
    [beat] = await backend.jobs.heartbeat([old.lease], extend=LEASE * 1000)
    assert (beat.lease, beat.cancel_reason) == (None, None)
    after = await read(backend, job_id), await history(backend, job_id), await backend.reader.logs(job_id)
    assert after == before


class FencingPromises:
    @each_outcome
    async def test_the_second_finish_of_a_claim_is_stale(
        self, backend: Backend, clock: FrozenClock, outcome: Outcome
    ) -> None:
        claimed = await begin(backend)
        assert await finish(backend, claimed, outcome) is Settled.APPLIED
        await expect_refused(backend, claimed, clock)

    async def test_a_released_and_reclaimed_job_refuses_its_first_worker(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        await finish(backend, first, Released())
        second = await claim_one(backend, worker="w-2")
        assert second.job.attempt == first.job.attempt
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_snoozed_and_reclaimed_job_refuses_its_first_worker(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        await finish(backend, first, Snoozed(delay=timedelta(0)))
        second = await claim_one(backend)
        assert second.job.attempt == first.job.attempt
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_woken_and_reclaimed_job_refuses_its_first_worker(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        await finish(backend, first, Waiting(seen=0))
        await backend.jobs.wake_many([first.job.id])
        second = await claim_one(backend)
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_rescued_job_refuses_its_lost_worker(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        await expect_refused(backend, claimed, clock)

    async def test_a_rescued_and_reclaimed_job_refuses_its_lost_worker(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        second = await claim_one(backend, worker="w-2")
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_the_same_worker_claiming_again_holds_only_the_new_lease(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        await finish(backend, first, Failed(error=ERROR, retry_in=timedelta(0)))
        second = await claim_one(backend)
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_retried_job_refuses_the_worker_from_before(self, backend: Backend, clock: FrozenClock) -> None:
        first = await begin(backend, max_attempts=1)
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        await backend.jobs.retry_many([first.job.id])
        second = await claim_one(backend)
        assert second.job.attempt == first.job.attempt
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_job_deleted_and_enqueued_again_refuses_the_worker_from_before(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        first = await begin(backend)
        await finish(backend, first, Released())
        await backend.jobs.delete_many([first.job.id])
        await enqueue(backend, job(id=first.job.id))
        second = await claim_one(backend)
        assert second.job.claims == first.job.claims
        await expect_refused(backend, first, clock)
        assert await finish(backend, second, Completed()) is Settled.APPLIED

    async def test_a_deleted_job_is_stale(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Released())
        await backend.jobs.delete_many([claimed.job.id])
        assert await finish(backend, claimed, Completed()) is Settled.STALE
        assert await backend.reader.get_many([claimed.job.id]) == [None]

    async def test_an_unknown_job_is_stale(self, backend: Backend, clock: FrozenClock) -> None:
        lease = Lease(job_id=new_job_id(), token="1", expires_at=clock.now() + LEASE)
        assert await backend.jobs.finish_many([Finish(lease=lease, outcome=Completed())]) == [Settled.STALE]

    @pytest.mark.parametrize("token", ["", "0", "-1", "None", "no token of any store", "ł", "9" * 30])
    async def test_an_invented_token_is_stale(self, backend: Backend, token: str) -> None:
        claimed = await begin(backend)
        forged = Finish(lease=replace(claimed.lease, token=token), outcome=Completed())
        assert await backend.jobs.finish_many([forged]) == [Settled.STALE]
        assert (await read(backend, claimed.job.id)).state is JobState.RUNNING

    async def test_the_token_of_another_claim_is_stale(self, backend: Backend) -> None:
        # Claimed by two calls, because the jobs of one call may share their token. Where a token counts the claims of
        # its job these two are equal as well, and there is nothing to cross.
        first, second = await begin(backend), await begin(backend)
        if first.lease.token != second.lease.token:
            crossed = Finish(lease=replace(first.lease, token=second.lease.token), outcome=Completed())
            assert await backend.jobs.finish_many([crossed]) == [Settled.STALE]

    async def test_a_batch_settles_what_is_current_and_answers_in_order(self, backend: Backend) -> None:
        await enqueue(backend, *(job() for _ in range(6)))
        claims = await claim(backend, 6)
        for gone in claims[::3]:
            await finish(backend, gone, Released())
        finishes = [Finish(lease=each.lease, outcome=Completed()) for each in claims]
        stale, applied = Settled.STALE, Settled.APPLIED
        assert await backend.jobs.finish_many(finishes) == [stale, applied, applied, stale, applied, applied]

    async def test_of_two_finishes_in_a_batch_the_first_counts(self, backend: Backend) -> None:
        claimed = await begin(backend)
        twice = [
            Finish(lease=claimed.lease, outcome=Completed(result=b"first")),
            Finish(lease=claimed.lease, outcome=Failed(error=ERROR)),
        ]
        assert await backend.jobs.finish_many(twice) == [Settled.APPLIED, Settled.STALE]
        ended = await read(backend, claimed.job.id)
        assert (ended.state, ended.result) == (JobState.SUCCEEDED, b"first")

    async def test_an_empty_batch_of_writes_answers_nothing(self, backend: Backend) -> None:
        assert await backend.jobs.finish_many([]) == []
        assert await backend.jobs.heartbeat([], extend=LEASE) == []
        assert await backend.jobs.report_many([]) == []
