"""Promise 7 and the outcomes: the store does with a job what it is told, keeps its history, and decides no retry."""

from __future__ import annotations

from datetime import timedelta

from headrace.model.durations import DURATION_MAX
from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Finish, Outcome, Released, Snoozed, Waiting
from headrace.model.usage import UNKNOWN, Usage
from headrace.storage.backend import Backend
from headrace.storage.jobs import Settled
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    LIMIT,
    begin,
    claim,
    claim_one,
    finish,
    history,
    read,
    state_of,
)


class FinishPromises:
    async def test_a_completed_job_has_succeeded_with_its_result(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        assert await finish(backend, claimed, Completed(result=b"\x00[1]", codec="mine")) is Settled.APPLIED
        ended = await read(backend, claimed.job.id)
        assert (ended.state, ended.result, ended.result_codec) == (JobState.SUCCEEDED, b"\x00[1]", "mine")
        assert (ended.finished_at, ended.started_at) == (clock.now(), claimed.job.started_at)
        assert (ended.attempt, ended.worker, ended.payload) == (1, "w-1", claimed.job.payload)

    async def test_a_completed_job_may_have_no_result(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Completed())
        assert (await read(backend, claimed.job.id)).result is None

    async def test_an_empty_result_is_not_no_result(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Completed(result=b""))
        assert (await read(backend, claimed.job.id)).result == b""

    async def test_a_successful_attempt_is_in_the_history(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        await finish(backend, claimed, Completed())
        [attempt] = await history(backend, claimed.job.id)
        assert (attempt.number, attempt.outcome, attempt.worker) == (1, AttemptOutcome.SUCCEEDED, "w-1")
        assert (attempt.started_at, attempt.finished_at) == (clock.now() - HOUR, clock.now())
        assert attempt.error is None

    async def test_a_delay_beyond_all_dates_is_a_hundred_years(self, backend: Backend, clock: FrozenClock) -> None:
        for outcome in (Snoozed(delay=timedelta.max), Failed(error=ERROR, retry_in=timedelta.max)):
            claimed = await begin(backend)
            assert await finish(backend, claimed, outcome) is Settled.APPLIED
            put_off = await read(backend, claimed.job.id)
            assert (put_off.state, put_off.run_at) == (JobState.SCHEDULED, clock.now() + DURATION_MAX)

    async def test_what_an_attempt_used_is_in_the_history(self, backend: Backend) -> None:
        claims = {claimed.job.id: claimed for claimed in [await begin(backend) for _ in range(5)]}
        outcomes: list[tuple[Outcome, Usage]] = [
            (Completed(result=b"1"), Usage(cpu_s=12.345_678, peak_rss_bytes=5 << 30)),
            (Completed(), UNKNOWN),
            (Completed(), Usage(cpu_s=0.0)),
            (Failed(error=ERROR), Usage(peak_rss_bytes=0)),
            (Cancelled(reason="enough"), Usage(cpu_s=0.000_001, peak_rss_bytes=1)),
        ]
        finishes = [
            Finish(lease=claimed.lease, outcome=outcome, usage=usage)
            for claimed, (outcome, usage) in zip(claims.values(), outcomes, strict=True)
        ]
        assert set(await backend.jobs.finish_many(finishes)) == {Settled.APPLIED}
        attempts = [attempt for job_id in claims for attempt in await history(backend, job_id)]
        assert [(each.cpu_s, each.peak_rss_bytes) for each in attempts] == [
            (12.345_678, 5 << 30),
            (None, None),
            (0.0, None),
            (None, 0),
            (0.000_001, 1),
        ]

    async def test_what_attempts_used_is_told_apart(self, backend: Backend) -> None:
        first = await begin(backend)
        failed = Finish(lease=first.lease, outcome=Failed(error=ERROR, retry_in=timedelta(0)), usage=Usage(cpu_s=1.0))
        await backend.jobs.finish_many([failed])
        again = await claim_one(backend)
        await backend.jobs.finish_many([Finish(lease=again.lease, outcome=Completed(), usage=Usage(cpu_s=2.0))])
        assert [each.cpu_s for each in await history(backend, first.job.id)] == [1.0, 2.0]

    async def test_a_failure_with_a_retry_is_scheduled_for_it(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        await finish(backend, claimed, Failed(error=ERROR, retry_in=timedelta(seconds=8)))
        failed = await read(backend, claimed.job.id)
        assert (failed.state, failed.run_at) == (JobState.SCHEDULED, clock.now() + timedelta(seconds=8))
        assert (failed.attempt, failed.error, failed.finished_at) == (1, ERROR, None)

    async def test_a_retry_in_no_time_is_queued_at_once(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        await finish(backend, claimed, Failed(error=ERROR, retry_in=timedelta(0)))
        failed = await read(backend, claimed.job.id)
        assert (failed.state, failed.run_at) == (JobState.QUEUED, clock.now())

    async def test_a_failure_without_a_retry_is_dead_though_attempts_are_left(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        claimed = await begin(backend, max_attempts=5)
        await finish(backend, claimed, Failed(error=ERROR))
        dead = await read(backend, claimed.job.id)
        assert (dead.state, dead.attempt, dead.error) == (JobState.DEAD, 1, ERROR)
        assert dead.finished_at == clock.now()

    async def test_a_failure_with_a_retry_is_retried_though_no_attempts_are_left(self, backend: Backend) -> None:
        claimed = await begin(backend, max_attempts=1)
        await finish(backend, claimed, Failed(error=ERROR, retry_in=HOUR))
        assert await state_of(backend, claimed.job.id) is JobState.SCHEDULED

    async def test_a_dead_job_keeps_its_payload_and_every_traceback(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend, payload=b"precious")
        errors = [ErrorInfo(type=f"E{n}", message=f"ł{n}", traceback="line\n" * n) for n in range(1, 4)]
        for error, retry_in in zip(errors, (timedelta(0), timedelta(0), None), strict=True):
            clock.advance(HOUR)
            await finish(backend, claimed, Failed(error=error, retry_in=retry_in))
            claimed = next(iter(await claim(backend)), claimed)
        dead = await read(backend, claimed.job.id)
        assert (dead.state, dead.payload, dead.error) == (JobState.DEAD, b"precious", errors[-1])
        attempts = await history(backend, claimed.job.id)
        assert [(each.number, each.outcome) for each in attempts] == [(n, AttemptOutcome.FAILED) for n in (1, 2, 3)]
        assert [each.error for each in attempts] == errors

    async def test_an_attempt_that_timed_out_is_recorded_as_such(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Failed(error=ERROR, outcome=AttemptOutcome.TIMED_OUT))
        [attempt] = await history(backend, claimed.job.id)
        assert (attempt.outcome, attempt.error) == (AttemptOutcome.TIMED_OUT, ERROR)

    async def test_a_job_that_succeeds_at_last_keeps_its_failures(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Failed(error=ERROR, retry_in=timedelta(0)))
        await finish(backend, await claim_one(backend), Completed(result=b"2"))
        outcomes = [each.outcome for each in await history(backend, claimed.job.id)]
        assert outcomes == [AttemptOutcome.FAILED, AttemptOutcome.SUCCEEDED]
        assert (await read(backend, claimed.job.id)).attempt == 2

    async def test_a_discarded_job_is_dead_with_its_reason(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Discarded(reason="bad input", error=ERROR))
        dead = await read(backend, claimed.job.id)
        assert (dead.state, dead.reason, dead.error) == (JobState.DEAD, "bad input", ERROR)
        assert dead.finished_at == clock.now()
        [attempt] = await history(backend, claimed.job.id)
        assert (attempt.outcome, attempt.error) == (AttemptOutcome.DISCARDED, ERROR)

    async def test_a_job_cancelled_by_its_handler_has_ended(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Cancelled(reason="account closed"))
        ended = await read(backend, claimed.job.id)
        assert (ended.state, ended.reason) == (JobState.CANCELLED, "account closed")
        assert ended.finished_at == clock.now()
        [attempt] = await history(backend, claimed.job.id)
        assert attempt.outcome is AttemptOutcome.CANCELLED

    async def test_a_released_job_has_its_attempt_back(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        await finish(backend, claimed, Released())
        given_back = await read(backend, claimed.job.id)
        assert (given_back.state, given_back.attempt, given_back.claims) == (JobState.QUEUED, 0, 1)
        assert given_back.run_at == claimed.job.run_at
        assert await history(backend, claimed.job.id) == []

    async def test_a_snoozed_job_runs_later_with_its_attempt_back(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        clock.advance(HOUR)
        await finish(backend, claimed, Snoozed(delay=HOUR))
        snoozed = await read(backend, claimed.job.id)
        assert (snoozed.state, snoozed.run_at) == (JobState.SCHEDULED, clock.now() + HOUR)
        assert (snoozed.attempt, await history(backend, claimed.job.id)) == (0, [])

    async def test_giving_back_is_for_nothing_however_often(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend, max_attempts=1)
        for outcome in (Snoozed(delay=timedelta(0)), Released(), Waiting(seen=0, until=clock.now())) * 10:
            await finish(backend, claimed, outcome)
            await backend.jobs.promote(limit=LIMIT)
            claimed = await claim_one(backend)
            assert claimed.job.attempt == 1
        assert claimed.job.claims == 31

    async def test_attempts_are_numbered_anew_after_a_retry_and_the_old_ones_stay(self, backend: Backend) -> None:
        claimed = await begin(backend)
        await finish(backend, claimed, Failed(error=ERROR))
        await backend.jobs.retry_many([claimed.job.id])
        await finish(backend, await claim_one(backend), Completed())
        assert [(each.number, each.outcome) for each in await history(backend, claimed.job.id)] == [
            (1, AttemptOutcome.FAILED),
            (1, AttemptOutcome.SUCCEEDED),
        ]
