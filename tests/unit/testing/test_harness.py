"""An app under test: moved, looked at, run when asked, and put back."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from headrace import Discard, Exponential, Fixed, Headrace, Never, Retry, Snooze, current_job, days, hours, minutes
from headrace.errors import JobFailed, Unsupported, UsageError
from headrace.model.job import AttemptOutcome, JobState
from headrace.testing import AppHarness


async def test_nothing_runs_unasked(app: Headrace, harness: AppHarness) -> None:
    ran = []

    @app.task
    async def note(what: str) -> None:
        ran.append(what)

    job = await note.enqueue("a")
    assert await job.state() is JobState.QUEUED
    assert ran == []
    report = await harness.drain()
    assert ran == ["a"]
    assert (report.succeeded, report.failed, report.dead, len(report)) == (1, 0, 0, 1)
    assert await job.state() is JobState.SUCCEEDED


async def test_a_worker_that_the_code_under_test_starts_gets_no_job(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None:
        raise AssertionError("nobody asked")

    async with app.worker() as worker:
        job = await note.enqueue()
        while worker.health().last_claim_at is None:  # noqa: ASYNC110 (a claim tells nobody)
            await asyncio.sleep(0)
        assert await job.state() is JobState.QUEUED


async def test_waiting_for_a_result_that_cannot_come_says_what_to_do(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def answer() -> int:
        return 42

    job = await answer.enqueue()
    with pytest.raises(UsageError, match=r"nothing runs unasked.*await headrace_app.drain\(\)"):
        await job.result()
    await harness.drain()
    assert await job.result() == 42


async def test_jobs_that_jobs_enqueue_run_too(app: Headrace, harness: AppHarness) -> None:
    ran = []

    @app.task
    async def count_down(number: int) -> None:
        ran.append(number)
        if number:
            await count_down.enqueue(number - 1)

    await count_down.enqueue(3)
    assert (await harness.drain()).succeeded == 4
    assert ran == [3, 2, 1, 0]


async def test_higher_priority_runs_first_and_then_the_older(app: Headrace, harness: AppHarness) -> None:
    ran = []

    @app.task
    async def note(what: str) -> None:
        ran.append(what)

    await note.enqueue("first")
    await note.enqueue("second")
    await note.options(priority="high").enqueue("urgent")
    await harness.drain()
    assert ran == ["urgent", "first", "second"]


async def test_jobs_without_an_end_are_an_error_that_names_them(app: Headrace, harness: AppHarness) -> None:
    @app.task(name="again")
    async def again() -> None:
        await again.enqueue()

    await again.enqueue()
    with pytest.raises(AssertionError, match=r"20 attempts ran.*for ever\? What ran most: again \(20\)"):
        await harness.drain(limit=20)


async def test_only_the_queues_that_are_named_are_drained(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    await note.options(queue="mail").enqueue()
    await note.options(queue="other").enqueue()
    await harness.drain(queues=["mail"])
    harness.assert_enqueued(note, queue="mail", state="succeeded")
    harness.assert_enqueued(note, queue="other", state="queued")
    with pytest.raises(UsageError, match=r"queues=\['mail'\]"):
        await harness.drain(queues="mail")


async def test_a_paused_queue_stays(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    job = await note.enqueue()
    await app.pause("default")
    assert len(await harness.drain()) == 0
    await app.resume("default")
    assert len(await harness.drain()) == 1
    assert await job.state() is JobState.SUCCEEDED


async def test_an_exception_of_a_handler_surfaces_with_its_traceback(app: Headrace, harness: AppHarness) -> None:
    @app.task(retry=Fixed(every=minutes(1), attempts=2), name="fails")
    async def fails() -> None:
        raise ZeroDivisionError("the handler's own")

    job = await fails.enqueue()
    with pytest.raises(ZeroDivisionError, match="the handler's own") as caught:
        await harness.drain()
    assert "fails" in [entry.name for entry in caught.traceback]
    assert "attempt 1 of 2; it is scheduled" in "".join(caught.value.__notes__)
    assert await job.state() is JobState.SCHEDULED


async def test_failures_are_recorded_where_the_test_asks_for_that(app: Headrace, harness: AppHarness) -> None:
    @app.task(retry=Never())
    def fails() -> None:
        raise ZeroDivisionError

    job = await fails.enqueue()
    report = await harness.drain(raise_errors=False)
    assert (report.dead, report.failed) == (1, 0)
    [run] = report
    assert run.error is not None
    assert (run.error.type, run.state) == ("ZeroDivisionError", JobState.DEAD)
    with pytest.raises(JobFailed, match="ZeroDivisionError"):
        await job.result()


async def test_a_handler_that_runs_out_of_time_is_told_as_a_failure(app: Headrace, harness: AppHarness) -> None:
    @app.task(timeout=timedelta(milliseconds=10), retry=Never())
    async def slow() -> None:
        await asyncio.Event().wait()

    await slow.enqueue()
    with pytest.raises(JobFailed, match="ran longer than its timeout"):
        await harness.drain()
    with pytest.raises(JobFailed, match="ran longer than its timeout"):
        await harness.run(slow)


async def test_time_passes_only_when_told_and_retries_come_at_their_instants(
    app: Headrace, harness: AppHarness
) -> None:
    ran = []

    @app.task(retry=Exponential(base=minutes(1), factor=2, jitter=0, attempts=4))
    async def fails_twice() -> str:
        ran.append(harness.clock.now())
        if len(ran) < 3:
            raise OSError("not yet")
        return "done"

    began = harness.clock.now()
    job = await fails_twice.enqueue()
    report = await harness.advance(hours(1), raise_errors=False)
    assert [instant - began for instant in ran] == [minutes(0), minutes(1), minutes(3)]
    assert (report.failed, report.succeeded) == (2, 1)
    assert harness.clock.now() == began + hours(1)
    assert await job.result() == "done"


async def test_what_becomes_due_runs_in_the_order_of_time(app: Headrace, harness: AppHarness) -> None:
    ran = []

    @app.task
    async def note(what: str) -> None:
        ran.append((what, harness.clock.now() - began))
        if what == "one":
            await note.options(delay=hours(12)).enqueue("between")

    began = harness.clock.now()
    await note.options(delay=days(2)).enqueue("two")
    await note.options(delay=days(1)).enqueue("one")
    await note.options(delay=days(5)).enqueue("late")
    await harness.advance(days(3))
    assert ran == [("one", days(1)), ("between", days(1.5)), ("two", days(2))]
    harness.assert_enqueued(note, what="late", state="scheduled")


async def test_a_job_that_is_not_started_in_time_expires(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    job = await note.options(expires_in=minutes(5)).enqueue()
    await app.pause("default")
    await harness.advance(minutes(5))
    assert await job.state() is JobState.EXPIRED


async def test_a_job_expires_at_its_instant_in_a_longer_advance(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    expiry = harness.clock.now() + minutes(5)
    job = await note.options(expires_in=minutes(5)).enqueue()
    await app.pause("default")
    await harness.advance(hours(1))
    found = await job.get()
    assert (found.state, found.finished_at) == (JobState.EXPIRED, expiry)


async def test_snooze_retry_and_discard_do_what_they_do_in_production(app: Headrace, harness: AppHarness) -> None:
    said: list[BaseException] = [Snooze(hours(1)), Retry(after=hours(1)), Discard("enough")]

    @app.task
    async def decide() -> None:
        raise said.pop(0)

    job = await decide.enqueue()
    report = await harness.advance(hours(3), raise_errors=False)
    assert [run.outcome for run in report] == ["snoozed", "failed", "discarded"]
    assert [attempt.outcome for attempt in await app.attempts(job.id)] == [
        AttemptOutcome.FAILED,
        AttemptOutcome.DISCARDED,
    ]


@pytest.mark.parametrize("executor", ["thread", "process"])
async def test_def_handlers_run_in_a_thread_where_patches_reach_them(
    app: Headrace, harness: AppHarness, executor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(__name__ + ".MARK", "patched")
    task = app.task(executor=executor)(where_and_what)
    job = await task.enqueue()
    await harness.drain()
    thread, mark = await job.result()
    assert thread != threading.main_thread().name
    assert mark == "patched"


MARK = "as it is"


def where_and_what() -> tuple[str, str]:
    return threading.current_thread().name, MARK


async def test_one_handler_runs_by_itself_and_leaves_no_job(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def greet(name: str, *, loud: bool = False) -> str:
        await other.enqueue()
        assert current_job().attempt == 1
        return name.upper() if loud else name

    @app.task
    async def other() -> None: ...

    assert await harness.run(greet, "Ada", loud=True) == "ADA"
    assert await harness.run(greet.options(queue="mail", delay=days(1)).call("Ada")) == "Ada"
    assert [job.task for job in harness.enqueued()] == [other.name, other.name]


async def test_one_handler_run_by_itself_raises_what_it_raises(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def fails(error: str) -> None:
        raise {"snooze": Snooze(hours(1)), "value": ValueError("no")}[error]

    with pytest.raises(Snooze):
        await harness.run(fails, "snooze")
    with pytest.raises(ValueError, match="no"):
        await harness.run(fails, "value")


async def test_the_app_lives_where_it_lived_before_afterwards(app: Headrace) -> None:
    @app.task
    async def note() -> None: ...

    before = repr(app)
    with AppHarness(app):
        assert app.is_open
        assert "memory://" in repr(app)
        await note.enqueue()
    assert repr(app) == before
    assert not app.is_open
    with pytest.raises(UsageError, match="not open"):
        await note.enqueue()


async def test_an_app_that_is_in_use_is_not_moved() -> None:
    async with Headrace("memory://") as app:
        with pytest.raises(UsageError, match="in use"), AppHarness(app):
            pass


def test_what_is_no_app_is_refused() -> None:
    with pytest.raises(UsageError, match="takes a Headrace; got 'myapp'"), AppHarness("myapp"):  # type: ignore[arg-type]
        pass


async def test_the_lifespan_of_the_code_under_test_may_open_and_close_the_app(
    app: Headrace, harness: AppHarness
) -> None:
    @app.task
    async def note() -> None: ...

    for _ in range(2):
        async with app:
            await note.enqueue()
        assert not app.is_open
        assert (await harness.drain()).succeeded == 1
    harness.assert_enqueued(note, count=2)


async def test_what_is_enqueued_in_a_transaction_is_there_at_once(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None:
        current_job().complete(object(), "within")

    job = await app.enqueue(note.call(), connection=object())
    harness.assert_enqueued(note)
    assert (await harness.drain()).succeeded == 1
    assert await job.state() is JobState.SUCCEEDED


def test_sync_code_enqueues_and_sync_tests_drain(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    job = app.sync.enqueue(greet.call("Ada"))
    harness.assert_enqueued(greet, name="Ada", count=1)
    with pytest.raises(UsageError, match="nothing runs unasked"):
        job.result()
    assert harness.sync.drain().succeeded == 1
    assert job.result() == "Hello, Ada!"
    assert harness.sync.run(greet, "Bob") == "Hello, Bob!"
    app.sync.enqueue(greet.options(delay=days(1)).call("Cleo"))
    assert harness.sync.advance(days(1)).succeeded == 1


def test_the_app_may_be_used_on_one_event_loop_after_the_other(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    async def enqueue() -> None:
        await note.enqueue()

    asyncio.run(enqueue())
    asyncio.run(enqueue())
    harness.assert_enqueued(note, count=2)


def test_an_app_that_held_its_sync_desk_before_moves_with_it(app: Headrace) -> None:
    desk = app.sync

    @app.task
    async def note() -> None: ...

    with AppHarness(app) as harness:
        desk.enqueue(note.call())
        harness.assert_enqueued(note)
    assert not desk.is_open


async def test_sync_within_a_loop_says_what_to_write(harness: AppHarness) -> None:
    with pytest.raises(UsageError, match=r"await harness.drain\(\)"):
        harness.sync.drain()


async def test_a_job_whose_task_is_unknown_waits_as_in_production(app: Headrace, harness: AppHarness) -> None:
    other = Headrace("memory://")

    @other.task(name="stranger")
    async def stranger() -> None: ...

    job = await app.enqueue(stranger.call())
    [run] = await harness.drain()
    assert run.outcome == "snoozed"
    assert await job.state() is JobState.SCHEDULED


async def test_calls_of_the_store_go_wrong_for_the_code_under_test_alone(app: Headrace, harness: AppHarness) -> None:
    from headrace.errors import Unavailable
    from headrace.testing import Script, lost_reply

    @app.task
    async def note() -> None: ...

    with harness.outage(calls=1) as outage:
        with pytest.raises(Unavailable, match="the store is away"):
            await note.enqueue()
        await note.enqueue()
        assert outage.refused == 1
    with harness.faults(Script({("jobs.enqueue_many", 1): lost_reply()})), pytest.raises(Unavailable):
        await note.enqueue()
    with harness.outage():
        assert (await harness.drain()).succeeded == 2


async def test_clear_forgets_jobs_and_their_keys(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def note() -> None: ...

    await note.options(idempotency_key="k").enqueue()
    harness.clear()
    harness.assert_not_enqueued()
    assert not (await note.options(idempotency_key="k").enqueue()).duplicate


def test_the_memory_store_itself_still_refuses_transactions() -> None:
    app = Headrace("memory://")

    @app.task
    def note() -> None: ...

    with app.sync, pytest.raises(Unsupported, match="memory cannot enqueue within your transaction"):
        app.sync.enqueue(note.call(), connection=object())
