"""Middleware: around every enqueue and every run, the first registered outermost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from headrace import Discard, Headrace, Inject, JobState, Middleware, Never
from headrace.backends.memory import MemoryBackend
from headrace.engine.context import JobContext
from headrace.engine.middleware import EnqueueNext, RunNext
from headrace.errors import JobFailed, UsageError
from headrace.model.job import NewJob
from headrace.storage.jobs import Enqueued


class Telling(Middleware):
    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self.told = told

    async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
        self.told.append(f"{self.name} enqueues {len(jobs)}")
        return await next([structs.replace(job, meta={**job.meta, self.name: len(jobs)}) for job in jobs])

    async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
        self.told.append(f"{self.name} begins {context.task}")
        try:
            return await next()
        finally:
            self.told.append(f"{self.name} ends")


@pytest.fixture
def app() -> Headrace:
    return Headrace(backend=MemoryBackend())


@pytest.mark.parametrize("executor", ["loop", "thread"])
async def test_the_first_that_is_registered_is_outermost(app: Headrace, executor: Any) -> None:
    told: list[str] = []
    app.middleware(Telling("a", told))
    app.middleware(Telling("b", told))

    @app.task(name="work", executor=executor)
    async def work() -> dict[str, Any]:
        told.append("work")
        return {}

    async with app, app.worker():
        job = await work.enqueue()
        await job.result(timeout=20)
        assert (await job.get()).meta == {"a": 1, "b": 1}
    around = ["a begins work", "b begins work", "work", "b ends", "a ends"]
    assert told == ["a enqueues 1", "b enqueues 1", *around]


async def test_many_are_enqueued_through_it_in_the_stores_batches(app: Headrace) -> None:
    told: list[str] = []
    app.middleware(Telling("a", told))

    @app.task
    async def work() -> None: ...

    async with app:
        handles = await app.enqueue_many([work.call() for _ in range(1_001)])
        assert (await handles[0].get()).meta == {"a": 1_000}
    assert told == ["a enqueues 1000", "a enqueues 1"]


def test_code_without_a_loop_enqueues_through_it_too(app: Headrace) -> None:
    told: list[str] = []
    app.middleware(Telling("a", told))

    @app.task
    def work() -> None: ...

    with app.sync:
        assert app.sync.enqueue(work.call()).get().meta == {"a": 1}


async def test_it_can_refuse_an_enqueue(app: Headrace) -> None:
    @app.middleware
    class Closed(Middleware):
        async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
            raise PermissionError("closed on Sundays")

    @app.task
    async def work() -> None: ...

    async with app:
        with pytest.raises(PermissionError, match="closed on Sundays"):
            await work.enqueue()
        assert await app.counts() == []


async def test_a_lost_reply_is_said(app: Headrace) -> None:
    @app.middleware
    class Forgetful(Middleware):
        async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
            return []

    @app.task
    async def work() -> None: ...

    async with app:
        with pytest.raises(UsageError, match=r"Forgetful\.on_enqueue answered 0 replies for 1 jobs"):
            await work.enqueue()


async def test_it_can_answer_instead_of_the_handler(app: Headrace) -> None:
    @app.middleware
    class Cached(Middleware):
        async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
            return "from the cache"

    @app.task
    def work() -> str:
        raise AssertionError("not called")

    async with app, app.worker():
        assert await (await work.enqueue()).result(timeout=20) == "from the cache"


async def test_what_it_raises_is_how_the_job_ends(app: Headrace) -> None:
    @app.middleware
    class Strict(Middleware):
        async def on_run(self, context: JobContext, next: RunNext) -> Any:  # noqa: A002
            try:
                await next()
            except ValueError as error:
                raise Discard(f"no use: {error}") from error

    @app.task
    def work() -> str:
        raise ValueError("bad input")

    async with app, app.worker():
        with pytest.raises(JobFailed, match="no use: bad input"):
            await (await work.enqueue()).result(timeout=20)


async def test_it_sees_what_handlers_are_given_and_runs_around_their_values(app: Headrace) -> None:
    told: list[str] = []
    app.middleware(Telling("a", told))
    app.provide(dict, lambda: told.append("made") or {"x": 1}, scope="job")  # type: ignore[func-returns-value]

    @app.task(name="work")
    async def work(values: dict = Inject()) -> int:  # type: ignore[type-arg]
        return int(values["x"])

    async with app, app.worker():
        assert await (await work.enqueue()).result(timeout=20) == 1
    assert told == ["a enqueues 1", "a begins work", "made", "a ends"]


async def test_arguments_that_cannot_be_read_do_not_reach_it(app: Headrace) -> None:
    told: list[str] = []
    app.middleware(Telling("a", told))

    @app.task(name="work", retry=Never())
    async def work(n: int) -> None: ...

    async with app, app.worker():
        new = structs.replace(work.call(1).new_job(), payload=b"{}")
        await app.backend.jobs.enqueue_many([new])
        assert (await app.settled(new.id, 20)).state is JobState.DEAD
    assert told == []


def test_only_middleware_can_be_registered(app: Headrace) -> None:
    with pytest.raises(UsageError, match=r"middleware inherits from headrace\.Middleware; got <class 'dict'>"):
        app.middleware(dict)  # type: ignore[type-var]


def test_a_middleware_that_cares_for_nothing_costs_nothing() -> None:
    from headrace.engine.middleware import around_runs, enqueue_chain

    async def store(jobs: Sequence[NewJob]) -> list[Enqueued]:
        return []

    assert enqueue_chain([Middleware()], store) is store
    assert around_runs([Middleware()]) == ()
