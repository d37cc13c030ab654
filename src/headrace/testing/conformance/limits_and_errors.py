"""Promise 10, the limits, the life of a backend, and its capabilities from both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from headrace.errors import StorageError, TooLarge, Unavailable, Unsupported
from headrace.model.ids import new_job_id
from headrace.model.job import JobState
from headrace.model.outcome import Completed
from headrace.model.page import JobQuery
from headrace.model.queue import Retention
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest, transactional
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import LEASE, begin, claim, enqueue, finish, job, state_of

CALLS: dict[str, Callable[[Backend], Awaitable[object]]] = {
    "enqueue": lambda backend: backend.jobs.enqueue_many([job()]),
    "claim": lambda backend: backend.jobs.claim(ClaimRequest(worker="w", demand={"default": 1}, lease_for=LEASE)),
    "cancel": lambda backend: backend.jobs.cancel_many([new_job_id()], reason=""),
    "prune": lambda backend: backend.jobs.prune(Retention(), limit=1),
    "get": lambda backend: backend.reader.get_many([new_job_id()]),
    "find": lambda backend: backend.reader.find(JobQuery()),
    "queues": lambda backend: backend.queues.all(),
    "kv": lambda backend: backend.kv.get_many("b", ["k"]),
    "lock": lambda backend: backend.locks.acquire("l", owner="o", ttl=LEASE),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


class LimitPromises:
    async def test_a_result_over_the_limit_is_refused_and_the_job_runs_on(self, backend: Backend) -> None:
        claimed = await begin(backend)
        most = backend.capabilities.max_payload
        with pytest.raises(TooLarge, match=rf"{most + 1}\D+{most}\b"):
            await finish(backend, claimed, Completed(result=b"x" * (most + 1)))
        assert await state_of(backend, claimed.job.id) is JobState.RUNNING
        await finish(backend, claimed, Completed(result=b"x" * most))
        assert await state_of(backend, claimed.job.id) is JobState.SUCCEEDED

    async def test_a_cursor_of_another_kind_is_refused_as_a_storage_error(self, backend: Backend) -> None:
        for cursor in ("no cursor", "", "ł", "{}"):
            with pytest.raises(StorageError):
                await backend.reader.find(JobQuery(), cursor=cursor)

    @each_call
    async def test_a_closed_backend_is_unavailable(
        self, backend: Backend, call: Callable[[Backend], Awaitable[object]]
    ) -> None:
        other = backend.sibling()
        await other.open()
        await call(other)
        await other.close()
        with pytest.raises(Unavailable):
            await call(other)

    @each_call
    async def test_a_backend_not_yet_open_is_unavailable(
        self, backend: Backend, call: Callable[[Backend], Awaitable[object]]
    ) -> None:
        with pytest.raises(Unavailable):
            await call(backend.sibling())

    async def test_closing_twice_or_before_opening_is_fine(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.close()
        await other.open()
        await other.close()
        await other.close()

    async def test_closing_a_sibling_leaves_the_backend_open(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.open()
        await other.close()
        await enqueue(backend, job())
        assert len(await claim(backend)) == 1

    async def test_what_a_backend_stored_its_sibling_sees(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job())
        other = backend.sibling()
        await other.open()
        try:
            assert await state_of(other, job_id) is JobState.QUEUED
            [claimed] = await claim(other)
            assert await state_of(backend, job_id) is JobState.RUNNING
            await finish(backend, claimed, Completed())
            assert await state_of(other, job_id) is JobState.SUCCEEDED
        finally:
            await other.close()

    async def test_a_sibling_works_on_another_loop_in_another_thread(self, backend: Backend) -> None:
        claimed = await begin(backend)

        async def beat() -> bool:
            other = backend.sibling()
            await other.open()
            try:
                [reply] = await other.jobs.heartbeat([claimed.lease], extend=LEASE)
                return reply.lease is not None
            finally:
                await other.close()

        assert await asyncio.to_thread(lambda: asyncio.run(beat()))

    async def test_health_is_well_when_open_and_never_raises_when_closed(self, backend: Backend) -> None:
        assert (await backend.health()).ok
        other = backend.sibling()
        health = await other.health()
        assert not health.ok
        assert health.problems

    async def test_vouching_for_a_worker_is_always_allowed(self, backend: Backend) -> None:
        backend.vouch("w-1")
        await begin(backend)
        backend.disown("w-1")
        backend.disown("w-1")

    async def test_the_clock_handed_in_rules_where_the_store_says_so(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        assert backend.capabilities.settable_clock == (backend.clock is clock)
        if backend.capabilities.settable_clock:
            clock.advance(timedelta(days=1000))
            await enqueue(backend, job())
            [found] = (await backend.reader.find(JobQuery())).items
            assert found.enqueued_at == clock.now()

    async def test_a_foreign_connection_is_refused(self, backend: Backend) -> None:
        store = transactional(backend.jobs)
        assert store is not None or not backend.capabilities.transactions
        if store is not None:
            with pytest.raises(Unsupported):
                store.within(object())

    async def test_the_declared_limits_can_be_worked_with(self, backend: Backend) -> None:
        assert backend.capabilities.max_batch >= 1
        assert backend.capabilities.max_payload >= 1024
        assert backend.capabilities.time_precision <= timedelta(milliseconds=1)
