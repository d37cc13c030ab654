"""Batch handlers: several jobs in one call, an answer for each, and each job with a life of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from headrace import (
    Discard,
    Fixed,
    Headrace,
    Inject,
    JobState,
    Middleware,
    Never,
    Retry,
    current_batch,
    current_job,
    seconds,
)
from headrace.backends.memory import MemoryBackend
from headrace.engine.context import JobContext
from headrace.engine.middleware import RunNext
from headrace.errors import ConfigError, InvalidArguments, JobFailed, UsageError
from headrace.model.durations import ZERO
from headrace.model.job import Job
from headrace.model.lease import Claim
from headrace.tasks.batches import answer_of
from headrace.testing.harness import AppHarness

PATIENCE_S = 20


@dataclass
class Page:
    url: str
    words: int = 0


@pytest.fixture
async def app() -> AsyncIterator[Headrace]:
    async with Headrace(backend=MemoryBackend()) as app:
        yield app


async def results(app: Headrace, handles: Sequence[Any], **worker: Any) -> list[Any]:
    async with app.worker(**worker):
        return [await handle.result(timeout=PATIENCE_S) for handle in handles]


@pytest.mark.parametrize("executor", ["loop", "thread"])
async def test_jobs_are_handled_in_one_call_and_each_has_its_result(app: Headrace, executor: Any) -> None:
    calls: list[int] = []

    @app.batch_task(size=3, executor=executor)
    async def index(pages: list[Page]) -> list[int]:
        calls.append(len(pages))
        return [page.words for page in pages]

    handles = await app.enqueue_many([index.call(Page("a", n)) for n in range(6)])
    assert await results(app, handles) == [0, 1, 2, 3, 4, 5]
    assert calls == [3, 3]


async def test_a_plain_function_runs_in_a_thread(app: Headrace) -> None:
    @app.batch_task(size=2)
    def where(items: list[int]) -> list[bool]:
        return [threading.current_thread() is not threading.main_thread() for _ in items]

    assert await results(app, await app.enqueue_many([where.call(n) for n in range(2)])) == [True, True]


async def test_what_has_come_within_the_wait_is_handled(app: Headrace) -> None:
    @app.batch_task(size=100, wait=seconds(0.01))
    async def count(items: list[str]) -> list[int]:
        return [len(items)] * len(items)

    assert await results(app, await app.enqueue_many([count.call("x") for _ in range(3)])) == [3, 3, 3]


async def test_a_batch_holds_one_slot_and_grows_beyond_the_queues_slots(app: Headrace) -> None:
    sizes: list[int] = []

    @app.batch_task(size=25)
    async def count(items: list[int]) -> None:
        sizes.append(len(items))

    await results(app, await app.enqueue_many([count.call(n) for n in range(50)]), queues={"default": 1})
    assert sizes == [25, 25]


async def test_batches_wait_for_a_slot_and_then_take_what_was_claimed_ahead(
    app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    other = asyncio.Event()
    begun = asyncio.Event()

    @app.task
    async def hold() -> None:
        begun.set()
        await other.wait()

    @app.batch_task(size=4, wait=seconds(0.01))
    async def count(items: list[int]) -> None:
        sizes.append(len(items))

    async with app.worker(queues={"default": 1}) as worker:
        held = await hold.enqueue()
        await begun.wait()
        worker._dispatcher.shares["default"].ahead = 8
        handles = await app.enqueue_many([count.call(n) for n in range(6)])
        accept, waiting = worker._dispatcher.accept, asyncio.Event()

        def watched(claim: Claim, asked_at: float) -> None:
            accept(claim, asked_at)
            if worker.health().waiting == 6:
                waiting.set()

        monkeypatch.setattr(worker._dispatcher, "accept", watched)
        worker._producer._wake.set()
        await asyncio.wait_for(waiting.wait(), PATIENCE_S)
        other.set()
        for handle in [held, *handles]:
            await handle.result(timeout=PATIENCE_S)
    assert sizes == [4, 2]


async def test_one_item_that_fails_is_tried_again_alone(app: Headrace) -> None:
    calls: list[list[int]] = []

    @app.batch_task(size=3, wait=seconds(0.01), retry=Fixed(every=ZERO))
    async def work(items: list[int]) -> list[int | Exception]:
        calls.append(items)
        first = len(calls) == 1
        return [ValueError("once") if first and item == 1 else item for item in items]

    assert await results(app, await app.enqueue_many([work.call(n) for n in range(3)])) == [0, 1, 2]
    assert calls == [[0, 1, 2], [1]]


async def test_an_answer_can_be_any_way_a_job_goes_on(app: Headrace) -> None:
    @app.batch_task(size=2)
    async def work(items: list[str]) -> list[Any]:
        return [Discard("bad input") if item == "bad" else Retry(after=seconds(60)) for item in items]

    bad, again = await app.enqueue_many([work.call("bad"), work.call("again")])
    async with app.worker():
        assert (await app.settled(bad.id, PATIENCE_S)).reason == "bad input"
        assert await again.state() is JobState.SCHEDULED


@pytest.mark.parametrize("error", [OSError("the disk is full"), GeneratorExit("the disk is full")])
async def test_what_the_handler_raises_all_have_failed_with(app: Headrace, error: BaseException) -> None:
    @app.batch_task(size=2, retry=Never())
    async def work(items: list[int]) -> None:
        raise error

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    async with app.worker():
        for handle in handles:
            with pytest.raises(JobFailed, match=f"{type(error).__name__}: the disk is full"):
                await handle.result(timeout=PATIENCE_S)


@pytest.mark.parametrize(("answer", "said"), [([1], "got 1 answers"), ("ab", "got <class 'str'>")])
async def test_a_wrong_number_of_answers_fails_them_all(app: Headrace, answer: Any, said: str) -> None:
    @app.batch_task(size=2, retry=Never())
    async def work(items: list[int]) -> list[int]:
        return answer  # type: ignore[no-any-return]

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    async with app.worker():
        for handle in handles:
            with pytest.raises(JobFailed, match=f"one answer for each of the 2 items; {said}"):
                await handle.result(timeout=PATIENCE_S)


async def test_arguments_that_cannot_be_read_do_not_hold_the_others_up(app: Headrace) -> None:
    @app.batch_task(size=2, retry=Never())
    async def work(items: list[int]) -> list[int]:
        return items

    from msgspec import structs

    good, bad = work.call(1).new_job(), structs.replace(work.call(2).new_job(), payload=b"{}")
    await app.backend.jobs.enqueue_many([good, bad])
    async with app.worker():
        assert (await app.settled(good.id, PATIENCE_S)).result == b"1"
        assert (await app.settled(bad.id, PATIENCE_S)).state is JobState.DEAD


async def test_a_job_cancelled_in_the_middle_leaves_the_others_alone(app: Headrace) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    @app.batch_task(size=2)
    async def work(items: list[int]) -> list[bool]:
        begun.set()
        await go_on.wait()
        return [context.cancel_requested for context in current_batch()]

    first, second = await app.enqueue_many([work.call(n) for n in range(2)])
    async with app.worker():
        await begun.wait()
        await first.cancel()
        assert (await app.settled(first.id, PATIENCE_S)).state is JobState.CANCELLED
        go_on.set()
        assert await second.result(timeout=PATIENCE_S) is False


async def test_the_call_is_cancelled_when_nobody_is_left(app: Headrace) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    @app.batch_task(size=2)
    async def work(items: list[int]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    async with app.worker() as worker:
        await begun.wait()
        for handle in handles:
            await handle.cancel()
        await asyncio.wait_for(ended.wait(), PATIENCE_S)
        for handle in handles:
            assert (await app.settled(handle.id, PATIENCE_S)).state is JobState.CANCELLED
        assert worker.health().running == 0


async def test_a_stopping_worker_gives_back_the_jobs_of_a_batch_once_its_call_has_ended(app: Headrace) -> None:
    begun = asyncio.Event()
    seen: list[str] = []

    @app.batch_task(size=2)
    async def work(items: list[int]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.extend([str(await handle.state()) for handle in handles])

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    worker = app.worker()
    await worker.start()
    await begun.wait()
    await worker.stop(now=True)
    assert seen == ["running", "running"]
    jobs: list[Job] = [await handle.get() for handle in handles]
    assert [(job.state, job.attempt) for job in jobs] == [(JobState.QUEUED, 0)] * 2


async def test_a_handler_that_ignores_its_cancellation_is_not_given_back_before_it_ends(app: Headrace) -> None:
    begun, cancelled, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @app.batch_task(size=2)
    async def work(items: list[int]) -> None:
        begun.set()
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                cancelled.set()

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    worker = app.worker()
    await worker.start()
    await begun.wait()
    stopping = asyncio.create_task(worker.stop(now=True))
    await cancelled.wait()
    assert [await handle.state() for handle in handles] == [JobState.RUNNING] * 2
    go_on.set()
    await stopping
    assert [await handle.state() for handle in handles] == [JobState.QUEUED] * 2


async def test_a_stopping_worker_handles_what_it_has_gathered(app: Headrace) -> None:
    @app.batch_task(size=100, wait=seconds(60))
    async def work(items: list[int]) -> list[int]:
        return items

    handle = await work.enqueue(1)
    started = asyncio.Event()
    app.telemetry.attach(lambda name, _: started.set() if name == "job.started" else None)
    worker = app.worker()
    await worker.start()
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    await worker.stop()
    assert (await handle.get()).state is JobState.SUCCEEDED


async def test_each_job_has_its_own_timeout(app: Headrace) -> None:
    @app.batch_task(size=2, retry=Never(), timeout=seconds(0.01))
    async def work(items: list[int]) -> None:
        await asyncio.Event().wait()

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    async with app.worker():
        for handle in handles:
            with pytest.raises(JobFailed, match="TimeoutError: the job ran longer than its timeout"):
                await handle.result(timeout=PATIENCE_S)


async def test_the_handler_is_given_values_and_can_tell_each_jobs_progress(app: Headrace) -> None:
    app.provide(dict, lambda: {"factor": 2}, scope="job")

    @app.batch_task(size=2)
    def work(items: list[int], values: dict = Inject()) -> list[int]:  # type: ignore[type-arg]
        for context, item in zip(current_batch(), items, strict=True):
            context.progress(item)
        return [item * values["factor"] for item in items]

    handles = await app.enqueue_many([work.call(n) for n in range(2)])
    assert await results(app, handles) == [0, 2]
    progress = (await handles[1].get()).progress
    assert progress is not None
    assert progress.done == 1


async def test_there_is_no_single_job_in_a_batch_and_no_batch_elsewhere(app: Headrace) -> None:
    @app.batch_task(size=1, retry=Never())
    async def work(items: list[int]) -> None:
        current_job()

    async with app.worker():
        with pytest.raises(JobFailed, match=r"several jobs at once: current_batch\(\) answers one context for each"):
            await (await work.enqueue(1)).result(timeout=PATIENCE_S)
    with pytest.raises(UsageError, match="works only in a batch handler"):
        current_batch()


async def test_middleware_runs_around_each_job_and_one_that_answers_itself_is_left_out(app: Headrace) -> None:
    ended: list[Any] = []

    @app.middleware
    class Around(Middleware):
        async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
            value = 0 if "skip" in context.tags else await next()
            ended.append(value)
            return value

    @app.batch_task(size=2)
    async def work(items: list[int]) -> list[int]:
        return [item * 10 for item in items]

    assert await results(app, await app.enqueue_many([work.call(1), work.call(2).options(tags=["skip"])])) == [10, 0]
    assert sorted(ended) == [0, 10]


def test_a_batch_task_is_called_with_all_its_items(app: Headrace) -> None:
    @app.batch_task()
    def add(items: list[int]) -> list[int]:
        return [sum(items)]

    assert add([1, 2]) == [3]
    assert add.call(1).payload == b'{"items":1}'
    assert add.options(priority=9).call(1).new_job().priority == 9
    with pytest.raises(InvalidArguments, match=r"items='x' does not fit: Expected `int`, got `str`"):
        add.call("x")  # type: ignore[arg-type]


def test_what_cannot_be_a_batch_is_refused(app: Headrace) -> None:
    with pytest.raises(ConfigError, match="size of a batch is a whole number from 1 to 1000; got 0"):
        app.batch_task(size=0)
    with pytest.raises(ConfigError, match=r"wait of a batch is a timedelta.* got 5"):
        app.batch_task(wait=5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="leave executor='process' out"):
        app.batch_task(executor="process")(_work)
    with pytest.raises(UsageError, match="a batch handler takes one list of items"):
        app.batch_task(name="two")(_two).call(1)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="parameter 'item' of a batch handler is a list of items"):
        app.batch_task(name="one")(_one).call(1)  # type: ignore[arg-type]


def _work(items: list[int]) -> None: ...


def _two(items: list[int], more: int) -> None: ...


def _one(item: int) -> None: ...


@pytest.mark.parametrize(
    ("hint", "answer"),
    [
        (list[int], int),
        (Sequence[int | Exception], int),
        (list[int] | None, int),
        (type(None), None),
        (list[ValueError], Any),
        (Any, Any),
    ],
)
def test_the_answer_to_one_item_has_the_type_of_what_the_list_holds(hint: Any, answer: Any) -> None:
    assert answer_of(hint) == answer


async def test_under_test_a_batch_task_handles_each_job_at_once() -> None:
    app = Headrace("memory://")
    calls: list[list[int]] = []

    @app.batch_task(size=100, wait=seconds(60))
    async def work(items: list[int]) -> list[int]:
        calls.append(items)
        return items

    async with AppHarness(app) as harness:
        assert await harness.run(work, 1) == 1
        await harness.run(work, 2)
    assert calls == [[1], [2]]
