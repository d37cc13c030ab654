from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

from tests.unit.engine.support import Rig, claim_one

from headrace.backends.memory import MemoryBackend
from headrace.engine.execution import Execution
from headrace.engine.heartbeater import Heartbeater
from headrace.engine.shares import Share
from headrace.errors import Unavailable
from headrace.model.durations import seconds
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.retry import Fixed
from headrace.testing.clock import FrozenClock

LEASE = timedelta(seconds=30)


class Held:
    """A heartbeater over one claimed job on a frozen clock, ticked by hand."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.held: dict[JobId, Execution] = {}
        self.cancelled: list[tuple[JobId, str]] = []
        self.lost: list[JobId] = []
        self.heartbeater = Heartbeater(
            rig.backend,
            self.held,
            LEASE,
            on_cancel=lambda run, reason: self.cancelled.append((run.job.id, reason)),
            on_lost=lambda run: self.lost.append(run.job.id),
        )

    async def claim(self) -> JobId:
        await self.rig.enqueue("task")
        claim = await claim_one(self.rig.backend)
        share = Share("default", 1, 0, 0.0)
        now = self.rig.backend.clock.monotonic()
        self.held[claim.job.id] = Execution(claim, None, share, None, now)  # type: ignore[arg-type]
        return claim.job.id

    @property
    def beats(self) -> int:
        return self.rig.jobs.calls.count("heartbeat")


async def test_a_job_that_ends_within_a_third_of_its_lease_costs_no_heartbeat(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    held = Held(Rig(frozen))
    await held.claim()
    clock.advance(LEASE / 4)
    await held.heartbeater.tick()
    assert held.beats == 0


async def test_a_lease_is_extended_for_as_long_as_the_job_runs(frozen: MemoryBackend, clock: FrozenClock) -> None:
    held = Held(Rig(frozen))
    job_id = await held.claim()
    for _ in range(20):
        clock.advance(LEASE / 2)
        await held.heartbeater.tick()
        assert await frozen.jobs.rescue(limit=10) == []
    assert held.beats == 20
    assert (await held.rig.job(job_id)).state is JobState.RUNNING


async def test_the_cancellation_of_a_job_comes_back_once(frozen: MemoryBackend, clock: FrozenClock) -> None:
    held = Held(Rig(frozen))
    job_id = await held.claim()
    await frozen.jobs.cancel_many([job_id], reason="not wanted")
    for _ in range(2):
        clock.advance(LEASE / 2)
        await held.heartbeater.tick()
    assert held.cancelled == [(job_id, "not wanted")]


async def test_a_lease_that_the_store_no_longer_knows_is_lost(frozen: MemoryBackend, clock: FrozenClock) -> None:
    held = Held(Rig(frozen))
    job_id = await held.claim()
    clock.advance(LEASE)
    await frozen.jobs.rescue(limit=10)
    await held.heartbeater.tick()
    assert held.lost == [job_id]


async def test_a_lease_is_given_up_when_no_heartbeat_succeeds_until_its_end(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    held = Held(Rig(frozen))
    job_id = await held.claim()
    for part, lost in ((0.5, []), (0.4, []), (0.1, [job_id])):
        held.rig.jobs.faults["heartbeat"] = [Unavailable("down")]
        clock.advance(LEASE * part)
        try:
            await held.heartbeater.tick()
        except Unavailable:
            assert held.lost == lost


async def test_nothing_held_asks_the_store_nothing(frozen: MemoryBackend) -> None:
    held = Held(Rig(frozen))
    await held.heartbeater.tick()
    assert held.rig.jobs.calls == []


async def test_a_running_job_is_cancelled_as_soon_as_someone_asks(rig: Rig) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    job_id = await rig.enqueue(rig.task(wait))
    await rig.worker()
    await begun.wait()
    await rig.backend.jobs.cancel_many([job_id], reason="not wanted")
    job = await rig.ended(job_id)
    assert (job.state, job.reason) == (JobState.CANCELLED, "not wanted")


async def test_a_blocked_event_loop_loses_no_lease(rig: Rig) -> None:
    lease = seconds(0.3)

    async def block() -> None:
        # The point of the test: nothing on this loop runs for several leases.
        deadline = time.monotonic() + 4 * lease.total_seconds()
        while time.monotonic() < deadline:
            threading.Event().wait(0.01)

    rig.task(block, retry=Fixed(attempts=3))
    job_id = await rig.enqueue("block")
    await rig.worker(lease=lease, heartbeat_thread=True, upkeep=False)
    job = await rig.ended(job_id)
    assert (job.state, job.claims) == (JobState.SUCCEEDED, 1)


async def test_a_cancellation_comes_from_the_heartbeat_thread_too(rig: Rig) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    job_id = await rig.enqueue(rig.task(wait))
    await rig.worker(heartbeat_thread=True)
    await begun.wait()
    await rig.backend.jobs.cancel_many([job_id], reason="not wanted")
    assert (await rig.ended(job_id)).state is JobState.CANCELLED
