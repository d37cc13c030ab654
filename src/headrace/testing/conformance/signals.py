"""Promise 9: signals are hints. Within a process they are heard, merged rather than piled up, and never in the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from headrace.model.job import UniqueKey
from headrace.model.outcome import Completed, Failed, Released, Waiting
from headrace.model.queue import QueueSettings
from headrace.model.standing import standing_of
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit, JobRestore
from headrace.storage.signals import CANCEL, DONE, DUE, EXPIRY, WORK, topic
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    LIMIT,
    begin,
    claim,
    claim_one,
    enqueue,
    finish,
    job,
    read,
)

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
PATIENCE_SECONDS = 10.0
"""How long a signal may take before the test is red; no test waits for it to pass."""


async def heard(signals: AsyncIterator[str]) -> str:
    """The next signal."""
    return await asyncio.wait_for(anext(signals), PATIENCE_SECONDS)


async def heard_until(signals: AsyncIterator[str], wanted: str) -> list[str]:
    """Signals up to the one wanted."""
    found = [await heard(signals)]
    while found[-1] != wanted:
        found.append(await heard(signals))
    return found


class SignalPromises:
    async def test_a_subscriber_hears_its_kinds(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK}) as signals:
            await backend.signals.publish([topic(DONE, "j"), topic(WORK, "mail")])
            assert await heard(signals) == "work:mail"

    async def test_every_subscriber_hears(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK}) as first, backend.signals.subscribe({WORK, DONE}) as second:
            await backend.signals.publish([topic(WORK, "mail")])
            assert [await heard(first), await heard(second)] == ["work:mail"] * 2

    async def test_a_subscriber_that_waits_already_is_woken(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK}) as signals:
            waiting = asyncio.ensure_future(heard(signals))
            await backend.signals.publish([topic(WORK, "mail")])
            assert await waiting == "work:mail"

    async def test_a_name_may_hold_colons(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK}) as signals:
            await backend.signals.publish([topic(WORK, "a:b:c")])
            assert await heard(signals) == "work:a:b:c"

    async def test_publishing_to_nobody_is_fine(self, backend: Backend) -> None:
        await backend.signals.publish([topic(WORK, "mail")])
        await backend.signals.publish([])

    async def test_a_sibling_hears(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.open()
        try:
            async with other.signals.subscribe({WORK}) as signals:
                await backend.signals.publish([topic(WORK, "mail")])
                assert await heard_until(signals, "work:mail")
        finally:
            await other.close()

    async def test_a_sibling_on_another_loop_hears_and_is_heard(self, backend: Backend) -> None:
        other = backend.sibling()
        begun = threading.Event()
        found: list[str] = []

        async def listen() -> None:
            await other.open()
            async with other.signals.subscribe({WORK}) as signals:
                begun.set()
                found.extend(await heard_until(signals, "work:there"))
                await other.signals.publish([topic(WORK, "back")])
            await other.close()

        async with backend.signals.subscribe({WORK}) as signals:
            thread = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(listen())))
            assert await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
            await backend.signals.publish([topic(WORK, "there")])
            await heard_until(signals, "work:back")
            await thread
        assert found[-1] == "work:there"

    async def test_a_subscriber_that_does_not_read_gets_few_merged_topics(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK, DONE}) as signals:
            for _ in range(50):
                await backend.signals.publish([topic(WORK, "mail")])
                await backend.signals.publish([topic(DONE, f"j{n}") for n in range(500)])
            for n in range(5_000):
                await backend.signals.publish([topic(DONE, f"k{n}")])
            await backend.signals.publish([topic(WORK, "last")])
            found = await heard_until(signals, "work:last")
        assert len(found) < 2_500
        assert "done:*" in found or "done:k4999" in found

    async def test_a_subscription_that_ended_is_forgotten(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK}):
            pass
        await backend.signals.publish([topic(WORK, "mail")])

    async def test_the_verbs_themselves_tell_what_changed(self, backend: Backend) -> None:
        async with backend.signals.subscribe({WORK, DUE, DONE, CANCEL}) as signals:
            claimed = await begin(backend, queue="mail")
            assert await heard_until(signals, "work:mail")
            await enqueue(backend, job(queue="later", delay=HOUR))
            assert await heard_until(signals, "due:later")
            await backend.jobs.cancel_many([claimed.job.id], reason="stop")
            assert await heard_until(signals, f"cancel:{claimed.job.id}")
            await finish(backend, claimed, Completed())
            assert await heard_until(signals, f"done:{claimed.job.id}")
            await backend.queues.configure_many([QueueSettings(name="resumed")])
            assert await heard_until(signals, "work:resumed")

    async def test_an_expiry_that_begins_to_count_is_told(self, backend: Backend) -> None:
        async with backend.signals.subscribe({EXPIRY}) as signals:
            await enqueue(backend, job(queue="a", expires_in=HOUR), job(queue="b"))
            assert await heard_until(signals, "expiry:a")
            await enqueue(backend, job(queue="c", expires_in=HOUR, delay=HOUR))
            assert await heard_until(signals, "expiry:c")
            await enqueue(backend, *(job(queue="many", expires_in=HOUR, tags=("t",)) for _ in range(300)))
            assert await heard_until(signals, "expiry:many")
            [plain] = await enqueue(backend, job(queue="d"))
            await backend.jobs.edit_many([JobEdit(id=plain, expires_at=NEVER)])
            assert await heard_until(signals, "expiry:d")

    async def test_an_expiry_is_told_when_its_job_comes_back_from_a_worker(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        failed = await begin(backend, queue="failed", expires_at=NEVER)
        waiting = await begin(backend, queue="waiting", expires_at=NEVER)
        await begin(backend, queue="lost", expires_at=NEVER)
        async with backend.signals.subscribe({EXPIRY}) as signals:
            await finish(backend, failed, Failed(error=ERROR, retry_in=HOUR))
            assert await heard_until(signals, "expiry:failed")
            await finish(backend, waiting, Waiting(seen=0))
            assert await heard_until(signals, "expiry:waiting")
            clock.advance(HOUR)
            await backend.jobs.rescue(limit=LIMIT)
            assert await heard_until(signals, "expiry:lost")

    async def test_an_expiry_is_told_when_a_change_brings_it(self, backend: Backend) -> None:
        key = UniqueKey(key="k", on_conflict="replace")
        await enqueue(backend, job(queue="old", unique=key))
        [cleared] = await enqueue(backend, job(queue="cleared", expires_at=NEVER))
        before = standing_of(await read(backend, cleared))
        await backend.jobs.edit_many([JobEdit(id=cleared, expires_at=None)])
        left = standing_of(await read(backend, cleared))
        async with backend.signals.subscribe({EXPIRY}) as signals:
            await backend.jobs.enqueue_many([job(queue="new", unique=key, expires_in=HOUR)])
            assert await heard_until(signals, "expiry:new")
            await backend.jobs.restore_many([JobRestore(id=cleared, before=before, left=left)])
            assert await heard_until(signals, "expiry:cleared")

    async def test_what_comes_back_to_its_queue_is_told(self, backend: Backend, clock: FrozenClock) -> None:
        claimed = await begin(backend)
        async with backend.signals.subscribe({WORK}) as signals:
            await finish(backend, claimed, Released())
            assert await heard_until(signals, "work:default")
            await claim_one(backend)
            clock.advance(HOUR)
            await backend.jobs.rescue(limit=LIMIT)
            assert await heard_until(signals, "work:default")

    async def test_without_any_signal_the_work_is_there_all_the_same(self, backend: Backend) -> None:
        await enqueue(backend, job())
        assert len(await claim(backend)) == 1
