"""Enqueuing: one, many, together, again, and within the caller's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from headrace import Headrace, JobState, hours, minutes
from headrace.backends.memory import MemoryBackend
from headrace.errors import IdempotencyConflict, TooLarge, Unavailable, Unsupported, UsageError
from headrace.model.ids import new_job_id
from headrace.model.job import NewJob
from headrace.storage.jobs import Enqueued
from headrace.testing.clock import FrozenClock
from headrace.testing.faults import FaultyBackend, Script, refused


async def greet(name: str) -> str:
    return f"Hello, {name}!"


class Recorder:
    """Counts the writes a store is asked for, and can refuse a payload, as a store with a smaller limit would."""

    def __init__(self, backend: MemoryBackend, refuse: bytes | None = None) -> None:
        self.batches: list[int] = []
        self._enqueue_many = backend.jobs.enqueue_many
        self._refuse = refuse
        backend.jobs.enqueue_many = self.enqueue_many  # type: ignore[method-assign]

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        self.batches.append(len(jobs))
        await asyncio.sleep(0)
        if any(job.payload == self._refuse for job in jobs):
            raise TooLarge("too large for this store")
        return await self._enqueue_many(jobs)


async def test_an_enqueued_job_is_in_the_store_with_its_arguments(app: Headrace) -> None:
    handle = await app.task(queue="mail")(greet).enqueue("Ada")
    job = await handle.get()
    assert (job.queue, job.payload, job.state, job.id) == ("mail", b'{"name":"Ada"}', JobState.QUEUED, handle.id)
    assert (handle.task, handle.duplicate) == (job.task, False)


async def test_a_delayed_job_is_scheduled_by_the_clock_of_the_store(app: Headrace, clock: FrozenClock) -> None:
    handle = await app.task(greet).options(delay=minutes(5)).enqueue("Ada")
    job = await handle.get()
    assert (job.state, job.run_at) == (JobState.SCHEDULED, clock.now() + minutes(5))


async def test_calls_enqueued_together_share_writes() -> None:
    backend = MemoryBackend()
    recorder = Recorder(backend)
    async with Headrace(backend=backend) as app:
        task = app.task(greet)
        handles = await asyncio.gather(*(task.enqueue(str(number)) for number in range(200)))
        assert len({handle.id for handle in handles}) == 200
        assert sum(recorder.batches) == 200
        assert len(recorder.batches) <= 3
        payloads = [(await handle.get()).payload for handle in handles]
        assert payloads == [f'{{"name":"{number}"}}'.encode() for number in range(200)]


async def test_a_bad_job_does_not_fail_those_it_was_merged_with() -> None:
    backend = MemoryBackend()
    Recorder(backend, refuse=b'{"name":"bad"}')
    async with Headrace(backend=backend) as app:
        task = app.task(greet)
        answers = await asyncio.gather(*map(task.enqueue, ["a", "bad", "b"]), return_exceptions=True)
        assert [isinstance(answer, TooLarge) for answer in answers] == [False, True, False]


async def test_many_are_cut_into_what_the_store_takes_and_answered_in_order() -> None:
    backend = MemoryBackend()
    recorder = Recorder(backend)
    async with Headrace(backend=backend) as app:
        task = app.task(greet)
        most = backend.capabilities.max_batch
        handles = await app.enqueue_many(task.call(str(number)) for number in range(2 * most + 1))
        assert recorder.batches == [most, most, 1]
        assert (await handles[most].get()).payload == f'{{"name":"{most}"}}'.encode()
        assert await app.enqueue_many([]) == []


async def test_the_same_key_again_answers_the_first_job(app: Headrace) -> None:
    task = app.task(greet).options(idempotency_key="welcome:7")
    first, again = await task.enqueue("Ada"), await task.enqueue("Ada")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first == again
    assert len({first, again}) == 1


async def test_the_same_key_after_its_window_is_another_job(app: Headrace, clock: FrozenClock) -> None:
    task = app.task(greet).options(idempotency_key="k", idempotency_window=hours(1))
    first = await task.enqueue("Ada")
    clock.advance(hours(2))
    assert await task.enqueue("Ada") != first


async def test_the_same_id_again_changes_nothing(app: Headrace) -> None:
    call = app.task(greet).call("Ada").options(job_id=new_job_id())
    assert [handle.duplicate for handle in await app.enqueue_many([call, call])] == [False, True]


async def test_a_key_with_other_arguments_is_a_conflict_that_names_the_first_job(app: Headrace) -> None:
    task = app.task(greet).options(idempotency_key="welcome:7")
    first = await task.enqueue("Ada")
    with pytest.raises(IdempotencyConflict, match=f"'welcome:7' of .*greet .taken by job {first.id}."):
        await task.enqueue("Bob")


async def test_a_conflict_among_many_is_raised_after_the_others_are_stored(app: Headrace) -> None:
    task = app.task(greet)
    calls = [task.options(idempotency_key="k").call(name) for name in ("Ada", "Bob", "Cid", "Dan", "Eve")]
    with pytest.raises(IdempotencyConflict, match=r"and 1 more\. 2 of the 6 calls are stored") as refused:
        await app.enqueue_many([*calls, task.call("Fay")])
    assert "taken by job" in str(refused.value)
    assert [each.count for each in await app.counts()] == [2]


async def test_a_store_without_transactions_says_so(app: Headrace) -> None:
    with pytest.raises(Unsupported, match="memory cannot enqueue within your transaction"):
        await app.enqueue(app.task(greet).call("Ada"), connection=object())


async def test_what_is_not_a_call_is_refused_with_an_example(app: Headrace) -> None:
    wrong: Any = app.task(greet)
    with pytest.raises(UsageError, match=r"such as app\.enqueue\(greet\.call\('Ada'\)\); got <Task"):
        await app.enqueue(wrong)
    with pytest.raises(UsageError, match="enqueue takes a call"):
        await app.enqueue_many([wrong])


async def test_an_app_that_is_not_open_says_how_to_open_it() -> None:
    app = Headrace("memory://")
    task = app.task(greet)
    for work in (task.enqueue("Ada"), app.enqueue_many([task.call("Ada")]), app.counts(), app.job("x").get()):
        with pytest.raises(UsageError, match="the app is not open: use it inside 'async with app:'"):
            await work


async def test_opening_and_closing_twice_changes_nothing() -> None:
    app = Headrace("memory://")
    await app.close()
    await app.open()
    handle = await app.task(greet).enqueue("Ada")
    await app.open()
    assert await handle.state() is JobState.QUEUED
    await app.close()
    await app.close()
    assert not app.is_open


async def test_listeners_hear_what_was_stored(app: Headrace) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    app.telemetry.attach(lambda name, attributes: heard.append((name, attributes)))
    task = app.task(queue="mail")(greet).options(idempotency_key="k")
    await task.enqueue("Ada")
    await app.enqueue_many([task.call("Ada"), task.options(idempotency_key=None, queue="x").call("Bob")])
    assert [attributes for name, attributes in heard if name == "job.enqueued"] == [
        {"count": 1, "queues": {"mail": 1}, "tasks": {task.name: {"mail": 1}}},
        {"count": 1, "queues": {"x": 1}, "tasks": {task.name: {"x": 1}}},
    ]
    assert [attributes["operation"] for name, attributes in heard if name == "store.call"] == ["enqueue_many"] * 2


async def test_a_store_that_fails_enqueues_raises_and_its_outage_leaves_two_records(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "headrace")
    plan = Script({("jobs.enqueue_many", call): refused("the disk is gone") for call in (1, 2)})
    app = Headrace(backend=FaultyBackend(MemoryBackend(), plan))
    heard: list[str] = []
    app.telemetry.attach(lambda name, _: heard.append(name))
    async with app:
        task = app.task(greet)
        for _ in range(2):
            with pytest.raises(Unavailable, match="the disk is gone"):
                await task.enqueue("Ada")
        for _ in range(2):
            await task.enqueue("Ada")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "1 jobs could not be enqueued: the disk is gone"),
        ("INFO", "jobs can be enqueued again; 2 could not be"),
    ]
    assert heard.count("store.error") == 2


async def test_an_app_that_is_open_on_another_loop_says_what_to_use(app: Headrace) -> None:
    task = app.task(greet)

    def elsewhere() -> None:
        for work in (task.enqueue, lambda name: app.job(name).get()):
            with pytest.raises(UsageError, match=r"open on another event loop.*In a thread use app\.sync"):
                asyncio.run(work("Ada"))

    await asyncio.to_thread(elsewhere)
