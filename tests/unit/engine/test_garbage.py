"""Jobs that have ended are gone with their last reference: nothing of them waits for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from headrace import Headrace, current_job, seconds
from headrace.backends.memory import MemoryBackend
from headrace.engine.context import JobContext
from headrace.engine.execution import Execution
from headrace.errors import JobFailed

JOBS = 100


@pytest.fixture
def garbage() -> Iterator[list[Any]]:
    """What the collector finds until the end of the test, and nothing that was there before."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _quick(app: Headrace) -> Any:
    @app.task
    async def quick(number: int) -> None:
        await asyncio.sleep(0)

    return quick


def _limited_in_time(app: Headrace) -> Any:
    @app.task(timeout=seconds(30))
    async def limited_in_time(number: int) -> None:
        await asyncio.sleep(0)

    return limited_in_time


def _reporting(app: Headrace) -> Any:
    @app.task
    async def reporting(number: int) -> None:
        current_job().progress(number, JOBS)

    return reporting


def _failing(app: Headrace) -> Any:
    @app.task(max_attempts=1)
    async def failing(number: int) -> None:
        raise ValueError(number)

    return failing


def _in_a_thread(app: Headrace) -> Any:
    @app.task
    def in_a_thread(number: int) -> None: ...

    return in_a_thread


def _in_batches(app: Headrace) -> Any:
    @app.batch_task(size=10)
    async def in_batches(numbers: list[int]) -> None: ...

    return in_batches


@pytest.mark.parametrize("declare", [_quick, _limited_in_time, _reporting, _failing, _in_a_thread, _in_batches])
async def test_a_job_that_ended_leaves_nothing_for_the_garbage_collector(declare: Any, garbage: list[Any]) -> None:
    app = Headrace(backend=MemoryBackend())
    task = declare(app)
    async with app, app.worker():
        for handle in await app.enqueue_many([task.call(number) for number in range(JOBS)]):
            try:
                await handle.result(timeout=30)
            except JobFailed:
                assert declare is _failing
        gc.collect()
        of_jobs = (Execution, JobContext, asyncio.Task)
        found = Counter(type(each).__name__ for each in garbage if isinstance(each, of_jobs))
    assert sum(found.values()) < JOBS / 10, found
