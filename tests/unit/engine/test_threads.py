from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest
from tests.unit.engine.support import Rig

from headrace.engine.context import current_job
from headrace.model.durations import seconds
from headrace.model.job import JobState

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


async def test_a_thread_carries_the_jobs_context(rig: Rig) -> None:
    def who() -> list[str]:
        return [current_job().task, tenant.get(), threading.current_thread().name]

    tenant.set("ada")
    job = await rig.run(who)
    assert job.result is not None
    assert job.result.startswith(b'["who", "ada", "headrace-job-')


async def test_what_a_handler_sets_in_its_context_is_not_seen_by_the_next(rig: Rig) -> None:
    def leave_mark() -> str:
        before = tenant.get()
        tenant.set("left behind")
        return before

    await rig.run(leave_mark)
    assert (await rig.run(leave_mark)).result == b'"nobody"'


async def test_a_thread_that_runs_out_of_time_is_abandoned_and_the_pool_does_not_go_deaf(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    let_go = threading.Event()
    saw_cancel = threading.Event()

    def hang() -> None:
        let_go.wait()
        if current_job().cancel_requested:
            saw_cancel.set()

    def quick() -> str:
        return "done"

    worker = await rig.worker(threads=1, slots=2)
    stuck = await rig.enqueue(rig.task(hang), timeout=seconds(0.01))
    assert (await rig.ended(stuck)).state is JobState.DEAD
    assert (await rig.run(quick)).result == b'"done"'
    assert worker.health().abandoned_threads == 1
    assert "cannot be stopped in its thread" in caplog.text
    let_go.set()
    assert saw_cancel.wait(5)


async def test_a_job_that_queues_for_a_thread_is_not_out_of_time(rig: Rig) -> None:
    first_in, let_go = threading.Event(), threading.Event()

    def block() -> None:
        first_in.set()
        let_go.wait()

    def quick() -> str:
        return "done"

    worker = await rig.worker(threads=1, slots=2)
    blocking = await rig.enqueue(rig.task(block))
    waiting = await rig.enqueue(rig.task(quick), timeout=seconds(0.05))
    await rig.until(lambda: sum(name == "job.started" for name, _ in rig.events) == 2)
    rig._loop.call_later(0.2, let_go.set)
    assert (await rig.ended(waiting)).state is JobState.SUCCEEDED
    assert (await rig.ended(blocking)).state is JobState.SUCCEEDED
    assert worker.health().abandoned_threads == 0
