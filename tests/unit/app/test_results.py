"""Results: typed, raised as what happened, and waited for without missing the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from headrace import Cancel, Discard, Fixed, Headrace, JobState, Never, minutes, seconds
from headrace.app.settlement import POLL_LAST_S
from headrace.backends.memory import MemoryBackend
from headrace.errors import JobCancelled, JobExpired, JobFailed, JobNotFound, Unavailable, UsageError
from headrace.model.ids import JobId, new_job_id
from headrace.model.job import Job
from headrace.testing.clock import FrozenClock


@dataclass
class Receipt:
    number: int
    lines: tuple[str, ...]


async def greet(name: str) -> str:
    return f"Hello, {name}!"


async def buy(what: str) -> Receipt:
    return Receipt(1, (what,))


def divide(a: int, b: int) -> float:
    return a / b


async def give_up() -> None:
    raise Discard("the account is gone")


async def call_off() -> None:
    raise Cancel("nobody wants it any more")


async def nothing() -> None: ...


@pytest.fixture
async def app() -> AsyncIterator[Headrace]:
    """An open app with a worker for its default queue."""
    app = Headrace("memory://")
    async with app, app.worker():
        yield app


async def test_a_result_comes_back_in_the_type_it_was_returned_in(app: Headrace) -> None:
    assert await (await app.task(greet).enqueue("Ada")).result(timeout=5) == "Hello, Ada!"
    assert await (await app.task(buy).enqueue("tea")).result(timeout=seconds(5)) == Receipt(1, ("tea",))
    empty: Any = await app.task(nothing).enqueue()
    assert await empty.result(timeout=5) is None


async def test_a_result_can_be_asked_for_by_id_and_again(app: Headrace) -> None:
    first = await app.task(buy).enqueue("tea")
    await first.result(timeout=5)
    handle = app.job(first.id)
    assert handle == first
    assert await handle.result(timeout=5) == await handle.result(timeout=5) == Receipt(1, ("tea",))
    assert repr(handle) == f"<JobHandle {first.id}>"


async def test_a_result_is_stored_in_the_codec_of_the_task(app: Headrace) -> None:
    handle = await app.task(codec="msgpack")(buy).enqueue("tea")
    assert await handle.result(timeout=5) == Receipt(1, ("tea",))
    assert (await handle.get()).result_codec == "msgpack"


async def test_a_failed_job_raises_with_type_message_and_traceback(app: Headrace) -> None:
    handle = await app.task(retry=Never())(divide).enqueue(1, 0)
    with pytest.raises(JobFailed, match="is dead: ZeroDivisionError: division by zero") as failed:
        await handle.result(timeout=5)
    assert failed.value.job_id == handle.id
    assert "return a / b" in failed.value.traceback


async def test_a_job_that_succeeds_at_a_later_attempt_has_its_result(app: Headrace) -> None:
    left = [ValueError(), ValueError()]

    @app.task(retry=Fixed(every=seconds(0)))
    async def flaky() -> str:
        if left:
            raise left.pop()
        return "at last"

    assert await (await flaky.enqueue()).result(timeout=10) == "at last"


async def test_a_discarded_job_raises_with_its_reason(app: Headrace) -> None:
    with pytest.raises(JobFailed, match="the account is gone"):
        await (await app.task(give_up).enqueue()).result(timeout=5)


async def test_a_job_its_handler_cancelled_raises_with_its_reason(app: Headrace) -> None:
    with pytest.raises(JobCancelled, match="was cancelled: nobody wants it any more"):
        await (await app.task(call_off).enqueue()).result(timeout=5)


async def test_a_job_the_caller_cancelled_raises(app: Headrace) -> None:
    handle = await app.task(greet).options(delay=minutes(5)).enqueue("Ada")
    waiting = asyncio.ensure_future(handle.result(timeout=5))
    await asyncio.sleep(0)
    changed = await handle.cancel("changed my mind")
    assert (changed.changed, changed.state) == (True, JobState.CANCELLED)
    with pytest.raises(JobCancelled, match="changed my mind"):
        await waiting


async def test_a_dead_job_can_be_retried_from_its_handle(app: Headrace) -> None:
    broken = [True]

    @app.task(retry=Never())
    async def sometimes() -> str:
        if broken:
            raise RuntimeError
        return "repaired"

    handle = await sometimes.enqueue()
    with pytest.raises(JobFailed):
        await handle.result(timeout=5)
    broken.clear()
    assert (await handle.retry()).changed
    assert await handle.result(timeout=5) == "repaired"


async def test_many_waiters_of_many_jobs_all_get_their_own_result(app: Headrace) -> None:
    task = app.task(greet)
    handles = await app.enqueue_many(task.call(str(number)) for number in range(500))
    results = await asyncio.gather(*(handle.result(timeout=20) for handle in [*handles, *handles]))
    assert results == [f"Hello, {number}!" for number in [*range(500), *range(500)]]


async def test_a_job_that_was_never_enqueued_is_not_waited_for(app: Headrace) -> None:
    with pytest.raises(JobNotFound, match="the store holds no job"):
        await app.job(new_job_id()).result(timeout=5)


async def test_a_wait_that_takes_too_long_ends_and_the_job_goes_on(app: Headrace) -> None:
    handle = await app.task(greet).options(delay=minutes(5)).enqueue("Ada")
    with pytest.raises(TimeoutError, match=rf"job {handle.id} has not ended within 0\.01 s; it goes on"):
        await handle.result(timeout=0.01)
    with pytest.raises(TimeoutError):
        await handle.result(timeout=timedelta(0))
    await handle.cancel("enough")
    with pytest.raises(JobCancelled):
        await handle.result(timeout=0)


async def test_giving_up_on_a_result_does_not_touch_the_job(app: Headrace) -> None:
    handle = await app.task(greet).options(delay=minutes(5)).enqueue("Ada")
    with pytest.raises(TimeoutError):
        await handle.result(timeout=0.01)
    assert await handle.state() is JobState.SCHEDULED


async def test_an_expired_job_raises(clock: FrozenClock) -> None:
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        handle = await app.task(greet).options(expires_in=minutes(1)).enqueue("Ada")
        clock.advance(minutes(2))
        await app.backend.jobs.expire(limit=10)
        with pytest.raises(JobExpired, match="was not started before 2030-01-01 00:01:00"):
            await handle.result(timeout=5)


async def test_a_job_that_has_not_ended_has_no_result(clock: FrozenClock) -> None:
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        job = await (await app.task(greet).enqueue("Ada")).get()
        with pytest.raises(UsageError, match="is queued; it has no result yet"):
            app.result_of(job)


async def test_a_result_of_a_task_nobody_knows_here_comes_as_plain_values() -> None:
    backend = MemoryBackend()
    knowing, other = Headrace(backend=backend), Headrace(backend=backend.sibling())
    async with knowing, knowing.worker(), other:
        first = await knowing.task(buy).enqueue("tea")
        assert await other.job(first.id).result(timeout=5) == {"number": 1, "lines": ["tea"]}
        empty = await knowing.task(nothing).enqueue()
        assert await other.job(empty.id).result(timeout=5) is None


class Deaf(MemoryBackend):
    """A store whose signals are all lost, and which can be told to fail a read."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[list[JobId]] = []
        self.failures: list[Exception] = []
        self.looked = asyncio.Event()
        self._get_many: Callable[[Sequence[JobId]], Awaitable[list[Job | None]]] = self.reader.get_many
        self.reader.get_many = self._watched  # type: ignore[method-assign]
        self.signals.subscribe = self._refuse  # type: ignore[method-assign]

    async def _watched(self, ids: Sequence[JobId]) -> list[Job | None]:
        if self.failures:
            raise self.failures.pop()
        self.looks.append(list(ids))
        jobs = await self._get_many(ids)
        self.looked.set()
        return jobs

    def _refuse(self, kinds: Any) -> Any:
        raise Unavailable("signals are down")


async def test_the_end_is_found_by_looking_when_every_signal_is_lost() -> None:
    backend = Deaf()
    async with Headrace(backend=backend) as app:
        handle = await app.task(greet).enqueue("Ada")
        waiting = asyncio.ensure_future(handle.result(timeout=2 * POLL_LAST_S))
        await backend.looked.wait()
        await app.cancel([handle.id], reason="unheard")
        with pytest.raises(JobCancelled, match="unheard"):
            await waiting
    assert backend.looks == [[handle.id]] * 2


async def test_a_look_that_fails_is_told_to_whoever_waits() -> None:
    backend = Deaf()
    async with Headrace(backend=backend) as app:
        handle = await app.task(greet).enqueue("Ada")
        backend.failures.append(Unavailable("the disk is away"))
        with pytest.raises(Unavailable, match="the disk is away"):
            await handle.result(timeout=5)


async def test_closing_the_app_ends_the_waiting() -> None:
    backend = Deaf()
    app = Headrace(backend=backend)
    await app.open()
    handle = await app.task(greet).enqueue("Ada")
    waiting = asyncio.ensure_future(handle.result())
    await backend.looked.wait()
    await app.close()
    with pytest.raises(UsageError, match="the app was closed"):
        await waiting


async def test_a_cancelled_wait_leaves_nothing_behind_and_the_job_alone(clock: FrozenClock) -> None:
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        handle = await app.task(greet).enqueue("Ada")
        waiting = asyncio.ensure_future(handle.result())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await handle.state() is JobState.QUEUED
        assert not app._opened()._waited


async def test_a_result_of_another_type_than_annotated_is_told_by_name() -> None:
    app = Headrace("memory://")

    @app.task(name="count")
    async def count() -> int:
        return "three"  # type: ignore[return-value]

    async with app, app.worker():
        job = await count.enqueue()
        with pytest.raises(UsageError, match="is not what count"):
            await job.result(timeout=20)
