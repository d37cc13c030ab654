from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.unit.engine.support import PATIENCE_S, Rig, claim_one

from headrace.backends.memory import MemoryBackend
from headrace.engine.expirer import EXPIRE_EVERY, EXPIRE_LIMIT, Expirer
from headrace.engine.leader import LEADER_TTL, Leader
from headrace.engine.promoter import PROMOTE_EVERY, Promoter
from headrace.engine.pruner import Pruner
from headrace.engine.registry import BUCKET, Registrar, WorkerLoad, list_workers
from headrace.engine.rescuer import Rescuer
from headrace.model.durations import ZERO, hours, seconds
from headrace.model.ids import WorkerId
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Finish
from headrace.model.queue import Retention
from headrace.storage.kv import Put
from headrace.storage.signals import DONE, topic
from headrace.telemetry import Telemetry
from headrace.testing.clock import FrozenClock


def leader(backend: MemoryBackend, name: str, lease: timedelta = LEADER_TTL) -> Leader:
    return Leader(backend.locks, backend.clock, WorkerId(name), on_elected=lambda: None, lease=lease)


async def test_one_of_two_is_the_leader_and_the_other_follows_when_it_is_silent(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    first, second = leader(frozen, "w-1"), leader(frozen, "w-2")
    for each in (first, second):
        await each.tick()
    assert (first.is_leader, second.is_leader) == (True, False)
    clock.advance(LEADER_TTL)
    await second.tick()
    assert (first.is_leader, second.is_leader) == (False, True)
    await first.tick()
    assert not first.is_leader


async def test_a_dead_leader_is_followed_within_the_lease_of_its_jobs(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    first, second = leader(frozen, "w-1", lease=seconds(3)), leader(frozen, "w-2", lease=seconds(3))
    await first.tick()
    clock.advance(seconds(3))
    await second.tick()
    assert (first.is_leader, second.is_leader) == (False, True)


async def test_a_leader_that_renews_stays(frozen: MemoryBackend, clock: FrozenClock) -> None:
    first, second = leader(frozen, "w-1"), leader(frozen, "w-2")
    for _ in range(10):
        for each in (first, second):
            await each.tick()
        clock.advance(LEADER_TTL / 3)
        assert (first.is_leader, second.is_leader) == (True, False)


async def test_a_leader_that_stops_gives_its_place_up_at_once(frozen: MemoryBackend) -> None:
    first, second = leader(frozen, "w-1"), leader(frozen, "w-2")
    await first.start()
    await first.stop()
    await second.tick()
    assert second.is_leader


async def test_being_elected_is_told_once(frozen: MemoryBackend) -> None:
    told: list[str] = []
    elected = Leader(frozen.locks, frozen.clock, WorkerId("w-1"), on_elected=lambda: told.append("yes"))
    for _ in range(3):
        await elected.tick()
    assert told == ["yes"]


async def test_the_promoter_queues_what_is_due_and_sleeps_until_the_next(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    rig = Rig(frozen)
    job_id = await rig.enqueue("task", delay=seconds(2))
    promoter = Promoter(frozen, gate=lambda: True, telemetry=Telemetry())
    assert await promoter.tick() == seconds(2)
    clock.advance(seconds(2))
    assert await promoter.tick() is None
    assert (await rig.job(job_id)).state is JobState.QUEUED


async def test_the_promoter_never_sleeps_longer_than_its_cap(frozen: MemoryBackend) -> None:
    await Rig(frozen).enqueue("task", delay=hours(1))
    assert await Promoter(frozen, gate=lambda: True, telemetry=Telemetry()).tick() == PROMOTE_EVERY


async def test_the_rescuer_takes_a_silent_workers_jobs_back_and_tells(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    rig = Rig(frozen)
    job_id = await rig.enqueue("task")
    await claim_one(frozen, lease=30)
    rescuer = Rescuer(frozen, seconds(30), gate=lambda: True, telemetry=rig.telemetry)
    await rescuer.tick()
    assert (await rig.job(job_id)).state is JobState.RUNNING
    clock.advance(seconds(30))
    await rescuer.tick()
    assert (await rig.job(job_id)).state is JobState.QUEUED
    name, attributes = rig.events[-1]
    assert (name, attributes["job_id"], attributes["worker"]) == ("job.rescued", job_id, "w-other")
    await rig.close()


async def test_the_expirer_ends_what_was_not_started_in_time_and_sleeps_until_the_next(
    frozen: MemoryBackend, clock: FrozenClock
) -> None:
    rig = Rig(frozen)
    job_id = await rig.enqueue("task", expires_in=seconds(2))
    expirer = Expirer(frozen, gate=lambda: True, telemetry=Telemetry())
    assert await expirer.tick() == seconds(2)
    clock.advance(seconds(2))
    assert await expirer.tick() is None
    assert (await rig.job(job_id)).state is JobState.EXPIRED


async def test_the_expirer_never_sleeps_longer_than_its_cap(frozen: MemoryBackend) -> None:
    await Rig(frozen).enqueue("task", expires_in=hours(1))
    assert await Expirer(frozen, gate=lambda: True, telemetry=Telemetry()).tick() == EXPIRE_EVERY


async def test_the_expirer_returns_at_once_while_there_is_more(frozen: MemoryBackend, clock: FrozenClock) -> None:
    rig = Rig(frozen)
    for _ in range(EXPIRE_LIMIT + 1):
        await rig.enqueue("task", expires_in=seconds(1))
    clock.advance(seconds(1))
    expirer = Expirer(frozen, gate=lambda: True, telemetry=Telemetry())
    assert [await expirer.tick(), await expirer.tick()] == [ZERO, None]


async def test_the_expirer_is_woken_for_a_job_that_expires_before_its_next_look(rig: Rig) -> None:
    asked = asyncio.Event()

    def gate() -> bool:
        asked.set()
        return True

    expirer = Expirer(rig.backend, gate=gate, telemetry=rig.telemetry)
    expirer.interval = hours(1)
    async with rig.backend.signals.subscribe([DONE]) as ended:
        await expirer.start()
        try:
            await asked.wait()
            job_id = await rig.enqueue("task", expires_in=seconds(0.1))
            assert await asyncio.wait_for(anext(ended), PATIENCE_S) == topic(DONE, job_id)
        finally:
            await expirer.stop()


async def test_the_pruner_deletes_what_ended_long_ago(frozen: MemoryBackend, clock: FrozenClock) -> None:
    rig = Rig(frozen)
    job_id = await rig.enqueue("task")
    claim = await claim_one(frozen)
    await frozen.jobs.finish_many([Finish(lease=claim.lease, outcome=Completed())])
    pruner = Pruner(frozen, Retention(succeeded=hours(1)), gate=lambda: True, telemetry=Telemetry())
    await pruner.tick()
    assert await frozen.reader.get_many([job_id]) != [None]
    clock.advance(hours(2))
    await pruner.tick()
    assert await frozen.reader.get_many([job_id]) == [None]


async def test_a_job_enqueued_for_later_runs_when_its_time_has_come(rig: Rig) -> None:
    async def nothing() -> None:
        return None

    await rig.worker()
    job_id = await rig.enqueue(rig.task(nothing), delay=seconds(0.05))
    assert (await rig.ended(job_id)).state is JobState.SUCCEEDED


async def test_two_workers_do_upkeep_without_harm(rig: Rig) -> None:
    ran: list[int] = []

    async def note(n: int) -> None:
        ran.append(n)

    first, second = await rig.worker(), await rig.worker()
    assert first._upkeep is not None
    assert second._upkeep is not None
    elected, other = first._upkeep._leader, second._upkeep._leader
    other._lock, other._until = elected._lock, elected._until
    ids = [await rig.enqueue(rig.task(note), n, delay=timedelta(milliseconds=n)) for n in range(30)]
    for job_id in ids:
        await rig.ended(job_id)
    assert sorted(ran) == list(range(30))


async def test_a_worker_is_listed_while_it_lives(frozen: MemoryBackend, clock: FrozenClock) -> None:
    def load() -> WorkerLoad:
        return WorkerLoad(started_at=clock.now(), running=3, last_claim_at=None)

    registrar = Registrar(frozen.kv, WorkerId("w-1"), {"mail": 10}, Telemetry(), lease=seconds(30), load=load)
    await registrar.start()
    (record,) = await list_workers(frozen.kv)
    assert (record.id, record.queues, record.running) == ("w-1", {"mail": 10}, 3)
    await registrar.stop()
    assert await list_workers(frozen.kv) == []


async def test_a_worker_that_falls_silent_leaves_the_list(frozen: MemoryBackend, clock: FrozenClock) -> None:
    def load() -> WorkerLoad:
        return WorkerLoad(started_at=clock.now(), running=0, last_claim_at=None)

    await Registrar(frozen.kv, WorkerId("w-1"), {"mail": 10}, Telemetry(), lease=seconds(30), load=load).tick()
    clock.advance(seconds(31))
    assert await list_workers(frozen.kv) == []


async def test_a_record_that_cannot_be_read_does_not_hide_the_others(frozen: MemoryBackend, clock: FrozenClock) -> None:
    def load() -> WorkerLoad:
        return WorkerLoad(started_at=clock.now(), running=0, last_claim_at=None)

    await frozen.kv.put_many(BUCKET, [Put(key="w-0", value=b"{")])
    await Registrar(frozen.kv, WorkerId("w-1"), {"mail": 10}, Telemetry(), lease=seconds(30), load=load).tick()
    assert [record.id for record in await list_workers(frozen.kv)] == ["w-1"]
    await asyncio.sleep(0)
