from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.engine.support import ONCE_MORE, Rig

from headrace.model.control import Cancel, Discard, Retry, Snooze
from headrace.model.durations import hours, minutes, seconds
from headrace.model.ids import new_job_id
from headrace.model.job import AttemptOutcome, Job, JobState, NewJob
from headrace.model.retry import Never


async def double(n: int) -> int:
    return 2 * n


def double_in_thread(n: int) -> int:
    return 2 * n


@pytest.mark.parametrize("handler", [double, double_in_thread])
async def test_what_a_handler_returns_is_the_result(rig: Rig, handler: Callable[[int], Any]) -> None:
    job = await rig.run(handler, 21)
    assert (job.state, job.result) == (JobState.SUCCEEDED, b"42")


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError("x")]
)
async def test_whatever_a_handler_raises_is_the_jobs_failure_and_the_worker_lives_on(
    rig: Rig, error: BaseException
) -> None:
    async def fail() -> None:
        raise error

    job = await rig.run(fail)
    assert job.state is JobState.DEAD
    assert job.error is not None
    assert job.error.type == type(error).__name__
    assert (await rig.run(double, 1)).state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("error", "kind"),
    # What Python makes of a StopIteration that leaves a coroutine.
    [(SystemExit(3), "SystemExit"), (GeneratorExit(), "GeneratorExit"), (StopIteration(1), "RuntimeError")],
)
async def test_a_thread_survives_what_its_handler_raises(rig: Rig, error: BaseException, kind: str) -> None:
    def fail() -> None:
        raise error

    job = await rig.run(fail)
    assert job.error is not None
    assert job.error.type == kind


async def test_a_traceback_begins_in_the_handler(rig: Rig) -> None:
    async def fail() -> None:
        raise ValueError("here")

    job = await rig.run(fail)
    assert job.error is not None
    assert "headrace/engine" not in job.error.traceback
    assert 'raise ValueError("here")' in job.error.traceback


async def test_a_failed_attempt_is_tried_again_as_the_policy_says(rig: Rig) -> None:
    attempts = 0

    async def fail_once() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ValueError("once")

    job = await rig.run(fail_once, retry=ONCE_MORE)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)


async def test_the_jobs_own_limit_of_attempts_is_above_the_policy(rig: Rig) -> None:
    async def fail() -> None:
        raise ValueError("always")

    job_id = await rig.enqueue(rig.task(fail, retry=ONCE_MORE), max_attempts=1)
    await rig.worker()
    assert (await rig.ended(job_id)).state is JobState.DEAD


@pytest.mark.parametrize("answer", [lambda: 1 / 0, lambda: 5], ids=["raises", "answers a number"])
async def test_a_retry_policy_that_fails_itself_does_not_lose_the_job(rig: Rig, answer: Callable[[], Any]) -> None:
    class Broken:
        attempts = 5

        def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
            return answer()  # type: ignore[no-any-return]

    async def fail() -> None:
        raise ValueError("again")

    job_id = await rig.enqueue(rig.task(fail, retry=Broken()))
    await rig.worker()
    assert (await rig.finished(job_id)).state is JobState.SCHEDULED


async def run_once(rig: Rig, handler: Callable[..., Any], **options: Any) -> Job:
    job_id = await rig.enqueue(rig.task(handler, **options))
    await rig.worker()
    return await rig.finished(job_id)


async def test_snooze_gives_the_attempt_back(rig: Rig) -> None:
    async def later() -> None:
        raise Snooze(hours(1))

    job = await run_once(rig, later)
    assert (job.state, job.attempt) == (JobState.SCHEDULED, 0)


async def test_retry_counts_the_attempt_and_takes_the_delay_it_is_given(rig: Rig) -> None:
    async def again() -> None:
        raise Retry("busy", after=minutes(5))

    job = await run_once(rig, again)
    assert (job.state, job.attempt) == (JobState.SCHEDULED, 1)
    assert job.run_at - rig.backend.clock.now() > minutes(4)


WRONG: Any = 5
"""What a type checker would refuse."""


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (lambda: Retry(WRONG), "Retry(5): the reason comes first; for a delay write Retry(after=seconds(5))"),
        (lambda: Retry(WRONG * minutes(1)), "the reason comes first; for a delay write Retry(after=...)"),
        (lambda: Retry("busy", after=WRONG), "Retry(after=5): a delay is a timedelta, such as seconds(5)"),
        (lambda: Snooze(WRONG), "Snooze(5): a delay is a timedelta"),
    ],
)
async def test_a_delay_that_is_no_timedelta_fails_the_attempt_and_says_what_to_write(
    rig: Rig, mistake: Callable[[], BaseException], told: str
) -> None:
    async def handler() -> None:
        raise mistake()

    job = await run_once(rig, handler, retry=Never())
    assert (job.state, job.error and job.error.type) == (JobState.DEAD, "UsageError")
    assert job.error is not None
    assert told in job.error.message


async def test_cancel_and_discard_end_the_job_with_their_reason(rig: Rig) -> None:
    async def cancel() -> None:
        raise Cancel("closed")

    async def discard() -> None:
        raise Discard("bad input")

    cancelled, dead = await rig.run(cancel), await rig.run(discard)
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, "closed")
    assert (dead.state, dead.reason) == (JobState.DEAD, "bad input")


async def test_a_control_exception_out_of_a_task_group_is_understood(rig: Rig) -> None:
    async def inner() -> None:
        raise Cancel("inside")

    async def outer() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(inner())

    assert (await rig.run(outer)).reason == "inside"


async def test_a_payload_that_cannot_be_read_is_tried_again_as_the_policy_says(rig: Rig) -> None:
    task = rig.task(double, retry=ONCE_MORE)
    task.decode = lambda job: 1 / 0  # type: ignore[method-assign,return-value,assignment]
    job_id = await rig.enqueue(task, 1)
    await rig.worker()
    job = await rig.ended(job_id)
    assert (job.state, job.attempt) == (JobState.DEAD, 2)
    assert job.error is not None
    assert (job.error.type, job.error.message[:30]) == ("ZeroDivisionError", "the arguments cannot be read: ")


async def test_a_job_of_a_newer_version_is_given_back_without_an_attempt(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    task = rig.task(double)
    ids = [await rig.enqueue(task, n, task_version=2) for n in range(2)]
    await rig.worker()
    await rig.until(lambda: [name for name, _ in rig.events].count("job.not_known") == 2)
    await rig.workers[0].stop()
    jobs = await rig.backend.reader.get_many(ids)
    assert [(job.state, job.attempt) for job in jobs if job] == [(JobState.SCHEDULED, 0)] * 2
    [warned] = [record.message for record in caplog.records if "version" in record.message]
    assert warned == "task 'double' is version 1 here; its jobs of version 2 wait for a newer worker"
    [event] = [data for name, data in rig.events if name == "job.not_known" and data["job_id"] == ids[0]]
    assert (event["version"], event["newest"]) == (2, 1)


async def test_a_result_that_cannot_be_stored_is_dead_and_not_run_again(rig: Rig) -> None:
    async def strange() -> object:
        return object()

    job = await rig.run(strange, retry=ONCE_MORE)
    assert (job.state, job.attempt) == (JobState.DEAD, 1)
    assert "the result cannot be stored" in (job.reason or "")


async def test_a_handler_that_runs_out_of_time_is_cancelled_and_has_timed_out(rig: Rig) -> None:
    cleaned = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    job_id = await rig.enqueue(rig.task(hang), timeout=seconds(0.01))
    await rig.worker()
    job = await rig.ended(job_id)
    assert cleaned.is_set()
    assert job.error is not None
    assert job.error.type == "TimeoutError"
    (attempt,) = await rig.backend.reader.attempts(job_id)
    assert attempt.outcome is AttemptOutcome.TIMED_OUT


async def test_a_timeout_error_of_the_handlers_own_is_an_ordinary_failure(rig: Rig) -> None:
    async def slow_peer() -> None:
        raise TimeoutError("peer")

    job_id = await rig.enqueue(rig.task(slow_peer), timeout=hours(1))
    await rig.worker()
    await rig.ended(job_id)
    (attempt,) = await rig.backend.reader.attempts(job_id)
    assert attempt.outcome is AttemptOutcome.FAILED


async def test_an_unknown_task_waits_for_a_worker_that_knows_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.task(double)
    job_id = await rig.enqueue("from_the_future")
    worker = await rig.worker()
    marker = await rig.run(double, 1)
    await worker._completer.drained()
    job = await rig.job(job_id)
    assert marker.state is JobState.SUCCEEDED
    assert (job.state, job.attempt) == (JobState.SCHEDULED, 0)
    assert "no task named 'from_the_future'" in caplog.text
    assert "Known: double" in caplog.text


async def test_arguments_that_cannot_be_read_are_logged_and_the_worker_goes_on(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[int] = []
    task = rig.task(called.append, name="keep")
    job_id = new_job_id()
    await rig.backend.jobs.enqueue_many([NewJob(id=job_id, task=task.name, payload=b"{broken")])
    await rig.worker()
    job = await rig.ended(job_id)
    assert (job.state, called) == (JobState.DEAD, [])
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "the arguments cannot be read" in record.getMessage()
    assert record.__dict__["job_id"] == job_id
    await rig.ended(await rig.enqueue(task, 7))
    assert called == [7]
