from __future__ import annotations

import asyncio

import pytest
from tests.unit.engine.support import Rig

from headrace.errors import StorageFull, TooLarge, Unavailable
from headrace.model.durations import ZERO, seconds
from headrace.model.job import JobState


async def nothing() -> None:
    return None


async def test_finishes_of_one_turn_are_stored_together(rig: Rig) -> None:
    task = rig.task(nothing)
    ids = [await rig.enqueue(task) for _ in range(10)]
    await rig.worker()
    for job_id in ids:
        await rig.ended(job_id)
    assert rig.jobs.calls.count("finish_many") == 1


async def test_a_finish_is_kept_and_tried_again_until_the_store_takes_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.jobs.faults["finish_many"] = [Unavailable("locked"), StorageFull("full"), RuntimeError("a bug")]
    job = await rig.run(nothing)
    assert job.state is JobState.SUCCEEDED
    assert caplog.text.count("cannot be stored yet") == 1


async def test_a_result_too_large_for_the_store_fails_that_job_alone(rig: Rig) -> None:
    limit = rig.backend.capabilities.max_payload

    async def many(size: int) -> str:
        return "x" * size

    task = rig.task(many)
    small, large = await rig.enqueue(task, 1), await rig.enqueue(task, limit)
    await rig.worker()
    dead = await rig.ended(large)
    assert (await rig.ended(small)).state is JobState.SUCCEEDED
    assert dead.state is JobState.DEAD
    assert dead.error is not None
    assert dead.error.type == "TooLarge"


async def test_a_batch_the_store_calls_too_large_is_stored_one_by_one(rig: Rig) -> None:
    rig.jobs.faults["finish_many"] = [TooLarge("all together")]
    task = rig.task(nothing)
    ids = [await rig.enqueue(task) for _ in range(3)]
    await rig.worker()
    assert [(await rig.ended(job_id)).state for job_id in ids] == [JobState.SUCCEEDED] * 3


async def test_an_end_that_comes_too_late_is_told(rig: Rig) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    await rig.enqueue(rig.task(slow))
    await rig.worker(lease=seconds(0.1), upkeep=False)
    await begun.wait()
    rig.jobs.faults["heartbeat"] = [Unavailable("away")] * 10_000
    for run in rig.workers[0]._held.values():
        # The store itself forgets the lease: what another worker's rescue and claim would do.
        record = rig.backend._session.state.records[run.job.id]
        record.token = "somebody else's"
    go_on.set()
    await rig.until(lambda: any(name in ("job.stale", "job.lease_lost") for name, _ in rig.events))


async def test_stopping_stores_what_is_finished(rig: Rig) -> None:
    task = rig.task(nothing)
    job_id = await rig.enqueue(task)
    rig.jobs.faults["finish_many"] = [Unavailable("locked")]
    worker = await rig.worker(grace=ZERO)
    await rig.until(lambda: any(name == "job.finished" for name, _ in rig.events))
    await worker.stop()
    assert (await rig.job(job_id)).state is JobState.SUCCEEDED
