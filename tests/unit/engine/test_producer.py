from __future__ import annotations

import asyncio
import logging

import pytest
from msgspec import structs
from tests.unit.engine.support import Rig

from headrace.backends.memory import MemoryBackend
from headrace.engine.dispatcher import HELD_S_MAX
from headrace.engine.producer import LATE_S
from headrace.engine.shares import Share, make_shares
from headrace.errors import Unavailable
from headrace.model.durations import ZERO, hours, seconds
from headrace.model.ids import new_job_id
from headrace.model.job import JobState, NewJob
from headrace.model.lease import Claim
from headrace.storage.backend import Capabilities
from headrace.storage.jobs import ClaimRequest
from headrace.testing.clock import FrozenClock


class Gate:
    """A handler that holds its slot until it is let go."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0
        self.most = 0

    async def hold(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.open.wait()
        finally:
            self.inside -= 1


async def nothing() -> None:
    return None


async def test_no_more_jobs_run_at_once_than_there_are_slots(rig: Rig) -> None:
    gate = Gate()
    task = rig.task(gate.hold)
    ids = [await rig.enqueue(task) for _ in range(5)]
    worker = await rig.worker(slots=2)
    await rig.until(lambda: gate.inside == 2)
    assert worker.health().running == 2
    gate.open.set()
    for job_id in ids:
        await rig.ended(job_id)
    assert gate.most == 2


async def test_a_full_queue_does_not_keep_another_from_running(rig: Rig) -> None:
    gate = Gate()
    held, quick = rig.task(gate.hold), rig.task(nothing)
    blocking = [await rig.enqueue(held, queue="slow") for _ in range(3)]
    await rig.worker(queues={"slow": 1, "fast": 1})
    for _ in range(3):
        await rig.ended(await rig.enqueue(quick, queue="fast"))
    gate.open.set()
    for job_id in blocking:
        await rig.ended(job_id)


async def test_long_jobs_are_not_claimed_ahead(rig: Rig) -> None:
    gate = Gate()
    task = rig.task(gate.hold)
    ids = [await rig.enqueue(task) for _ in range(5)]
    worker = await rig.worker(slots=2, prefetch=10)
    await rig.until(lambda: sum(name == "job.started" for name, _ in rig.events) == 2)
    states = [(await rig.job(job_id)).state for job_id in ids]
    assert states.count(JobState.QUEUED) == 3
    assert worker.health().waiting == 0
    gate.open.set()


async def test_what_was_claimed_ahead_and_does_not_start_in_good_time_is_given_back(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    rig = Rig(frozen)
    gate = Gate()
    worker = await rig.worker(slots=2, prefetch=10)
    for _ in range(30):  # by their pace, ten will start within a second
        await rig.run(nothing)
    slow = rig.task(gate.hold)
    ids = [await rig.enqueue(slow) for _ in range(12)]
    await rig.until(lambda: worker.health().running == 2)
    worker._producer._hear("default")
    await rig.until(lambda: worker.health().waiting > 0)
    clock.advance(seconds(HELD_S_MAX + 0.1))
    worker._producer._hear("default")
    await rig.until(lambda: worker.health().waiting == 0)
    await worker._completer.drained()
    jobs = [await rig.job(job_id) for job_id in ids]
    assert [job.state for job in jobs].count(JobState.QUEUED) == 10
    assert {job.attempt for job in jobs if job.state is JobState.QUEUED} == {0}
    gate.open.set()
    for job_id in ids:
        await rig.ended(job_id)
    await rig.close()


class StoreBeside(MemoryBackend):
    """Says that it works while this process does, as a server would."""

    @property
    def capabilities(self) -> Capabilities:
        return structs.replace(super().capabilities, parallel_writes=True)


async def test_a_store_beside_the_worker_is_sent_the_next_claim_before_the_jobs_of_the_last_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = StoreBeside()
    await backend.open()
    rig, gate = Rig(backend), Gate()
    await rig.worker(slots=2, prefetch=10)
    for _ in range(30):  # by their pace, ten will start within a second
        await rig.run(nothing)
    happened: list[str] = []
    claim = rig.backend.jobs.claim

    async def note_claim(request: ClaimRequest) -> list[Claim]:
        claims = await claim(request)
        if claims:
            happened.append(f"{len(claims)} claimed")
        return claims

    monkeypatch.setattr(rig.backend.jobs, "claim", note_claim)
    detach = rig.telemetry.attach(lambda name, _: happened.append(name))
    task = rig.task(gate.hold)
    jobs = [NewJob(id=new_job_id(), task=task.name, payload=b"[]") for _ in range(12)]
    await rig.backend.jobs.enqueue_many(jobs)
    await rig.until(lambda: happened.count("job.started") == 2)
    told = [each for each in happened if each != "store.call"]
    assert told[:3] == ["5 claimed", "5 claimed", "job.started"]
    detach()
    gate.open.set()
    for job in jobs:
        await rig.ended(job.id)
    await rig.close()
    await backend.close()


async def test_a_signal_wakes_an_idle_worker_long_before_its_poll(rig: Rig) -> None:
    await rig.worker(poll=hours(1))
    for _ in range(3):
        assert (await rig.run(nothing)).state is JobState.SUCCEEDED


async def test_without_any_signal_the_poll_finds_the_work(rig: Rig) -> None:
    worker = await rig.worker(poll=seconds(0.05))
    await worker._producer._listener.stop()
    assert (await rig.run(nothing)).state is JobState.SUCCEEDED


async def test_an_outage_of_the_store_is_logged_once_shown_and_survived(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "headrace")
    rig.jobs.faults["claim"] = [Unavailable("down")] * 3
    worker = await rig.worker()
    await rig.until(lambda: any(name == "store.error" for name, _ in rig.events))
    assert not worker.health().ok
    assert (await rig.run(nothing)).state is JobState.SUCCEEDED
    assert worker.health().ok
    assert caplog.text.count("no jobs can be claimed") == 1
    assert "jobs can be claimed again" in caplog.text


async def test_a_worker_that_cannot_claim_for_too_long_leaves_by_itself(rig: Rig) -> None:
    rig.jobs.faults["claim"] = [Unavailable("down")] * 1000
    worker = await rig.worker(fetch_failure_limit=ZERO)
    await worker.wait()
    assert isinstance(worker.failure, Unavailable)
    assert not worker.running
    assert not worker.health().ok


def test_a_lane_holds_ahead_what_will_start_within_a_second() -> None:
    share = Share("mail", slots=10, ahead_max=100, now=0.0)
    assert share.demand() == 10
    for _ in range(50):
        share.ended()
    share.measure(1.0)
    assert share.ahead == 50
    for _ in range(10):
        share.ended()
    share.measure(601.0)
    assert share.ahead == 0


def test_a_lane_asks_for_half_of_what_it_holds_ahead_and_counts_what_is_coming() -> None:
    share = Share("mail", slots=10, ahead_max=100, now=0.0, by_halves=True)
    share.ahead = 100
    assert (share.hungry(), share.demand()) == (True, 50)
    assert (share.hungry(50), share.demand(50)) == (True, 50)
    assert (share.hungry(84), share.demand(84)) == (True, 26)
    assert not share.hungry(85)
    assert share.demand(110) == 0


def test_two_long_jobs_that_end_together_do_not_look_like_short_ones() -> None:
    share = Share("mail", slots=10, ahead_max=100, now=0.0)
    share.ended()
    share.measure(600.0)
    share.ended()
    share.measure(600.001)
    assert share.ahead == 0


def test_the_prefetch_is_shared_out_by_slots() -> None:
    shares = make_shares({"a": 30, "b": 10}, 40, 0.0)
    assert {name: share.ahead_max for name, share in shares.items()} == {"a": 30, "b": 10}
    assert all(share.ahead_max == 0 for share in make_shares({"a": 1}, 0, 0.0).values())


async def test_a_worker_whose_claim_is_not_answered_for_long_is_unhealthy(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    rig = Rig(frozen)
    asked, answer = asyncio.Event(), asyncio.Event()
    claim = frozen.jobs.claim

    async def late(request: ClaimRequest) -> list[Claim]:
        asked.set()
        await answer.wait()
        return await claim(request)

    rig.jobs.claim = late  # type: ignore[attr-defined]
    worker = await rig.worker()
    await asked.wait()
    assert worker.health().ok
    clock.advance(seconds(LATE_S + 1))
    assert worker.health().problems == ("jobs cannot be claimed from the store",)
    asked.clear()
    answer.set()
    await asked.wait()  # The next one, so that the first was answered.
    assert worker.health().ok
    await rig.close()


async def test_a_worker_tells_how_it_is_when_it_begins(rig: Rig) -> None:
    worker = await rig.worker(watchdog=True)
    record = next(attributes["record"] for name, attributes in rig.events if name == "worker.beat")
    assert (record.id, record.queues, record.problems) == (worker.id, {"default": 10}, ())
    assert record.cpu_s > 0
