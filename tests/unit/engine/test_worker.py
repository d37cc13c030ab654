from __future__ import annotations

import asyncio
import threading

import pytest
from tests.unit.engine.support import Rig

from headrace.engine.registry import list_workers
from headrace.errors import Unavailable
from headrace.model.durations import ZERO, hours
from headrace.model.job import JobState


class Slow:
    """A handler that says when it has begun, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def slow(self) -> str:
        self.begun.set()
        await self.go_on.wait()
        return "done"


async def test_a_stopping_worker_lets_running_jobs_finish(rig: Rig) -> None:
    slow = Slow()
    job_id = await rig.enqueue(rig.task(slow.slow))
    worker = await rig.worker()
    await slow.begun.wait()
    stopping = asyncio.create_task(worker.stop())
    slow.go_on.set()
    await stopping
    assert (await rig.job(job_id)).state is JobState.SUCCEEDED


async def test_after_the_grace_jobs_are_cancelled_and_given_back_without_losing_an_attempt(rig: Rig) -> None:
    slow = Slow()
    job_id = await rig.enqueue(rig.task(slow.slow))
    worker = await rig.worker(grace=ZERO)
    await slow.begun.wait()
    await worker.stop()
    job = await rig.job(job_id)
    assert (job.state, job.attempt, job.claims) == (JobState.QUEUED, 0, 1)
    assert ("worker.stopped", {"worker": worker.id, "released": 1}) in rig.events


async def test_stopping_now_shortens_a_stop_that_is_under_way(rig: Rig) -> None:
    slow = Slow()
    job_id = await rig.enqueue(rig.task(slow.slow))
    worker = await rig.worker(grace=hours(1))
    await slow.begun.wait()
    patient = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    await worker.stop(now=True)
    await patient
    assert (await rig.job(job_id)).state is JobState.QUEUED


async def test_a_handler_may_save_its_work_when_the_worker_stops(rig: Rig) -> None:
    begun = asyncio.Event()

    async def careful() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "saved"
        raise AssertionError

    job_id = await rig.enqueue(rig.task(careful))
    worker = await rig.worker(grace=ZERO)
    await begun.wait()
    await worker.stop()
    job = await rig.job(job_id)
    assert (job.state, job.result) == (JobState.SUCCEEDED, b'"saved"')


async def test_a_handler_that_swallows_one_cancellation_is_cancelled_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.engine.worker.CANCEL_EVERY_S", 0.01)
    begun = asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    job_id = await rig.enqueue(rig.task(stubborn))
    worker = await rig.worker(grace=ZERO)
    await begun.wait()
    await worker.stop()
    assert (await rig.job(job_id)).state is JobState.QUEUED


async def test_no_task_and_no_thread_is_left_after_a_stop(rig: Rig) -> None:
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())

    def in_thread() -> None:
        return None

    worker = await rig.worker(heartbeat_thread=True, watchdog=True)
    await rig.run(in_thread)
    await worker.stop()
    await asyncio.wait(list(rig._pending) or [asyncio.ensure_future(asyncio.sleep(0))])
    assert {task for task in asyncio.all_tasks() - tasks if not task.done()} == set()
    assert set(threading.enumerate()) - threads == set()


async def test_workers_can_be_started_and_stopped_many_times_at_once(rig: Rig) -> None:
    worker = rig.make_worker(heartbeat_thread=True)

    async def shake() -> None:
        for _ in range(10):
            await worker.start()
            await worker.stop()

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(shake())
    await worker.stop()
    assert not worker.running
    assert await list_workers(rig.backend.kv) == []


async def test_a_worker_whose_start_fails_leaves_nothing_behind(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(self: object) -> None:
        raise Unavailable("no second connection")

    worker = rig.make_worker(heartbeat_thread=True)
    monkeypatch.setattr(type(rig.backend), "open", refuse)
    with pytest.raises(Unavailable, match="no second connection"):
        await worker.start()
    assert not worker.running
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("headrace")]


async def test_a_running_worker_is_healthy_listed_and_the_leader(rig: Rig) -> None:
    worker = await rig.worker()
    assert worker.health().ok
    assert worker.health().leader
    assert [record.id for record in await list_workers(rig.backend.kv)] == [worker.id]
    await worker.stop()
    assert worker.health().problems == ("the worker is not running",)
    assert await list_workers(rig.backend.kv) == []


async def test_a_worker_vouches_for_its_leases_while_it_runs(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[tuple[str, str]] = []
    monkeypatch.setattr(rig.backend, "vouch", lambda worker: notes.append(("vouch", worker)))
    monkeypatch.setattr(rig.backend, "disown", lambda worker: notes.append(("disown", worker)))
    worker = rig.make_worker()
    async with worker:
        assert notes == [("vouch", worker.id)]
    assert notes == [("vouch", worker.id), ("disown", worker.id)]
    await worker.wait()
