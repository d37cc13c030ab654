"""Workers that die at a chosen point of a handler, and handlers that can, or cannot, be run again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from headrace import Headrace, Never, current_job, days
from headrace.errors import UsageError
from headrace.model.job import AttemptOutcome, JobState
from headrace.testing import AppHarness, WorkerDied


class Bank:
    """What handlers under test change."""

    def __init__(self) -> None:
        self.charges: list[str] = []

    def charge(self, order: str) -> None:
        self.charges.append(order)

    def charge_once(self, order: str) -> None:
        if order not in self.charges:
            self.charges.append(order)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.mark.parametrize(
    ("at", "effects"),
    [("start", ["a", "b"]), (1, ["a", "b"]), (2, ["a", "a", "b"]), ("b = ", ["a", "a", "b"]), ("end", ["a", "b"] * 2)],
)
@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_the_worker_dies_where_it_is_told_and_the_job_runs_again(
    app: Headrace, harness: AppHarness, at: str | int, effects: list[str], kind: str
) -> None:
    seen = []

    async def on_the_loop() -> None:
        seen.append("a")
        b = "b"
        seen.append(b)

    def in_a_thread() -> None:
        seen.append("a")
        b = "b"
        seen.append(b)

    task = app.task(name="work")(on_the_loop) if kind == "async" else app.task(name="work")(in_a_thread)
    harness.crash(task, at=at)
    job = await task.enqueue()
    report = await harness.drain()
    assert (report.lost, report.succeeded) == (1, 1)
    assert seen == effects
    outcomes = [attempt.outcome for attempt in await app.attempts(job.id)]
    assert outcomes == [AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED]


async def test_a_handler_cannot_go_on_after_its_own_death(app: Headrace, harness: AppHarness) -> None:
    seen = []

    @app.task
    async def stubborn() -> None:
        try:
            seen.append(current_job().attempt)
            seen.append(current_job().attempt)
        except Exception:
            seen.append(-1)
        except WorkerDied:
            seen.append(0)  # and even one that swallows it stores nothing

    harness.crash(stubborn, at=3)
    job = await stubborn.enqueue()
    assert (await harness.drain()).lost == 1
    assert seen == [1, 0, 2, 2]
    assert (await job.get()).attempt == 2


async def test_blocks_are_left_as_by_an_exception(app: Headrace, harness: AppHarness) -> None:
    seen = []

    @contextmanager
    def transaction() -> Iterator[None]:
        seen.append("begin")
        try:
            yield
        except BaseException:
            seen.append("roll back")
            raise
        seen.append("commit")

    @app.task
    async def work() -> None:
        with transaction():
            seen.append("work")

    points = await harness.assert_idempotent(work.call(), observe=lambda: None)
    assert points == 4
    assert seen.count("begin") == seen.count("commit") + seen.count("roll back")


async def test_a_job_without_another_attempt_is_dead(app: Headrace, harness: AppHarness) -> None:
    @app.task(retry=Never())
    async def once() -> None: ...

    harness.crash(at="end")
    job = await once.enqueue()
    report = await harness.drain()
    assert (report.lost, report.dead) == (1, 1)
    assert await job.state() is JobState.DEAD


async def test_a_point_that_is_not_met_is_told_with_what_ran(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def short() -> None:
        current_job()

    harness.crash(short, at="charge(")
    await short.enqueue()
    with pytest.raises(UsageError, match=r"(?s)crash\(at='charge\('\) was not met.*1 current_job\(\)"):
        await harness.drain()
    with pytest.raises(UsageError, match="at is 'start', 'end'"):
        harness.crash(short, at=0)


async def test_the_trace_function_of_others_is_put_back(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def work() -> None:
        current_job()

    before = sys.gettrace()
    harness.crash(work, at=1)
    await work.enqueue()
    await harness.drain()
    assert sys.gettrace() is before


async def test_an_idempotent_handler_passes_at_every_point(app: Headrace, harness: AppHarness, bank: Bank) -> None:
    @app.task
    async def pay(order: str) -> None:
        bank.charge_once(order)
        await receipt.options(idempotency_key=f"receipt-{order}").enqueue(order)

    @app.task
    async def receipt(order: str) -> None: ...

    def observe() -> object:
        return list(bank.charges), len(harness.enqueued(receipt))

    points = await harness.assert_idempotent(pay.call("o-1"), observe=observe, reset=bank.charges.clear)
    assert points == 4  # before it, before each of its two lines, after it


async def test_a_handler_that_is_not_idempotent_is_told_the_line(
    app: Headrace, harness: AppHarness, bank: Bank
) -> None:
    @app.task(name="pay")
    async def pay(order: str) -> None:
        bank.charge(order)
        current_job().log("paid")

    async def reset() -> None:
        bank.charges.clear()

    async def observe() -> list[str]:
        return list(bank.charges)

    with pytest.raises(AssertionError) as caught:
        await harness.assert_idempotent(pay.call("o-1"), observe=observe, reset=reset)
    message = str(caught.value)
    assert "pay is not idempotent: when its worker dies before" in message
    assert "current_job().log" in message
    assert "observe() answers ['o-1', 'o-1']\n  undisturbed it is ['o-1']" in message


async def test_lines_of_other_functions_count_where_they_are_named(
    app: Headrace, harness: AppHarness, bank: Bank
) -> None:
    def charge_and_book(order: str) -> None:
        bank.charge(order)
        bank.charges.append("booked")

    @app.task
    def pay(order: str) -> None:
        if not bank.charges:
            charge_and_book(order)

    call = pay.call("o-1")
    await harness.assert_idempotent(call, observe=bank.charges.copy, reset=bank.charges.clear)
    with pytest.raises(AssertionError, match=r"before .*bank.charges.append"):
        await harness.assert_idempotent(
            call, observe=bank.charges.copy, reset=bank.charges.clear, within=[charge_and_book]
        )


async def test_too_many_points_are_refused_and_a_job_must_succeed_undisturbed(
    app: Headrace, harness: AppHarness
) -> None:
    @app.task
    async def long() -> None:
        for _ in range(100):
            current_job()

    with pytest.raises(AssertionError, match="more than points_max=50"):
        await harness.assert_idempotent(long.call(), observe=lambda: None, points_max=50)
    with pytest.raises(AssertionError, match="undisturbed, the job is scheduled"):
        await harness.assert_idempotent(long.options(delay=days(1)).call(), observe=list)
