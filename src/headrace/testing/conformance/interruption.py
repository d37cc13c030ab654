"""Promise 8: cancelling an awaiting call leaves the whole effect or none."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Finish
from headrace.storage.backend import Backend
from headrace.storage.jobs import Settled
from headrace.storage.kv import Put
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import INSTANT, LEASE, LIMIT, claim, enqueue, job

after_turns = pytest.mark.parametrize("turns", range(6))
"""How often the event loop goes round before the call is cancelled: each may catch the store at another point."""


async def interrupt(call: Coroutine[Any, Any, object], turns: int) -> None:
    """Begin the call, let the loop go round, and cancel it."""
    task = asyncio.ensure_future(call)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def states(backend: Backend, ids: list[JobId]) -> set[JobState | None]:
    """The states of the jobs, seen at one instant, after all that was begun before has taken effect."""
    await backend.jobs.wake_many([])
    return {None if found is None else found.state for found in await backend.reader.get_many(ids)}


class InterruptionPromises:
    @after_turns
    async def test_an_interrupted_enqueue_stores_all_or_nothing(self, backend: Backend, turns: int) -> None:
        jobs = [job() for _ in range(50)]
        await interrupt(backend.jobs.enqueue_many(jobs), turns)
        assert await states(backend, [each.id for each in jobs]) in ({None}, {JobState.QUEUED})

    @after_turns
    async def test_an_interrupted_enqueue_can_be_repeated(self, backend: Backend, turns: int) -> None:
        jobs = [job() for _ in range(20)]
        await interrupt(backend.jobs.enqueue_many(jobs), turns)
        answers = await backend.jobs.enqueue_many(jobs)
        assert [answer.id for answer in answers] == [each.id for each in jobs]
        assert len(await claim(backend, 100)) == 20

    @after_turns
    async def test_an_interrupted_claim_loses_no_job(self, backend: Backend, clock: FrozenClock, turns: int) -> None:
        ids = await enqueue(backend, *(job() for _ in range(10)))
        await interrupt(claim(backend, 10), turns)
        assert await states(backend, ids) in ({JobState.QUEUED}, {JobState.RUNNING})
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        assert len(await claim(backend, 100)) == 10

    @after_turns
    async def test_an_interrupted_finish_settles_all_or_nothing(self, backend: Backend, turns: int) -> None:
        ids = await enqueue(backend, *(job() for _ in range(10)))
        finishes = [Finish(lease=each.lease, outcome=Completed(result=b"1")) for each in await claim(backend, 10)]
        await interrupt(backend.jobs.finish_many(finishes), turns)
        assert await states(backend, ids) in ({JobState.RUNNING}, {JobState.SUCCEEDED})
        assert set(await backend.jobs.finish_many(finishes)) in ({Settled.APPLIED}, {Settled.STALE})
        assert await states(backend, ids) == {JobState.SUCCEEDED}

    @after_turns
    async def test_an_interrupted_cancel_ends_all_or_nothing(self, backend: Backend, turns: int) -> None:
        ids = await enqueue(backend, *(job() for _ in range(10)))
        await interrupt(backend.jobs.cancel_many(ids, reason="stop"), turns)
        assert await states(backend, ids) in ({JobState.QUEUED}, {JobState.CANCELLED})

    @after_turns
    async def test_an_interrupted_write_of_values_writes_all_or_nothing(self, backend: Backend, turns: int) -> None:
        keys = [f"k{n}" for n in range(10)]
        await interrupt(backend.kv.put_many("b", [Put(key=key, value=b"v") for key in keys]), turns)
        await backend.kv.put_many("b", [])
        assert {each is None for each in await backend.kv.get_many("b", keys)} in ({True}, {False})

    async def test_an_interrupted_call_does_not_harm_those_beside_it(self, backend: Backend) -> None:
        batches = [[job() for _ in range(3)] for _ in range(30)]
        tasks = [asyncio.ensure_future(backend.jobs.enqueue_many(batch)) for batch in batches]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for number, batch in enumerate(batches):
            found = await states(backend, [each.id for each in batch])
            assert found in ({None}, {JobState.QUEUED})
            if number % 3:
                assert found == {JobState.QUEUED}
