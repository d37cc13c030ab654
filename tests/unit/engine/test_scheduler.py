"""The scheduler on a clock that the test moves: what fires, waits, is skipped or was missed, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from tests.unit.engine.support import claim_one

from headrace.backends.memory import MemoryBackend
from headrace.engine.schedule_round import LEDGER_KEEP
from headrace.engine.schedule_store import ScheduleStore
from headrace.engine.scheduler import LOOK_EVERY, STAND_IN_AFTER, STAND_IN_ON_AFTER, Scheduler
from headrace.errors import TooLarge, Unavailable
from headrace.model.durations import hours, minutes, seconds
from headrace.model.ids import JobId
from headrace.model.job import OCCURRENCE_META, Job, JobState, NewJob
from headrace.model.lease import Claim
from headrace.model.outcome import Completed, Finish
from headrace.model.page import JobQuery
from headrace.model.planning import HELD_MAX
from headrace.model.queue import Retention
from headrace.model.rules import make_rule
from headrace.model.schedule import (
    Firing,
    Misfire,
    Origin,
    Outcome,
    Overlap,
    Schedule,
    ledger_key,
    occurrence_job,
)
from headrace.storage.signals import SCHEDULE, topic
from headrace.telemetry import Telemetry
from headrace.testing.clock import START, FrozenClock


class Bench:
    """A store, schedules on it, and schedulers that tick when they are told."""

    def __init__(self, backend: MemoryBackend, clock: FrozenClock) -> None:
        self.backend = backend
        self.clock = clock
        self.store = ScheduleStore(backend)
        self.telemetry = Telemetry()
        self.leader = self.scheduler()

    def scheduler(self, *, leading: bool = True, declared: Sequence[Schedule] = ()) -> Scheduler:
        return Scheduler(self.backend, leading=lambda: leading, telemetry=self.telemetry, declared=declared)

    def schedule(self, when: Any, *, name: str = "report", **fields: Any) -> Schedule:
        now = self.clock.now()
        job = NewJob(id=JobId(""), task="report", payload=b"[]")
        made = {"overlap": Overlap.ALLOW, **fields}
        return Schedule(name=name, rule=make_rule(when), job=job, created_at=now, since=now, **made)

    async def add(self, when: Any, **fields: Any) -> Schedule:
        schedule = self.schedule(when, **fields)
        assert await self.store.put(schedule, revision=0)
        return schedule

    async def pass_time(self, step: timedelta, scheduler: Scheduler | None = None) -> timedelta | None:
        self.clock.advance(step)
        return await (scheduler or self.leader).tick()

    async def jobs(self) -> list[Job]:
        return list(reversed((await self.backend.reader.find(JobQuery(), limit=1_000)).items))

    async def planned(self) -> list[str]:
        return [job.meta[OCCURRENCE_META] for job in await self.jobs()]

    async def history(self, name: str = "report") -> list[Firing]:
        return list(reversed(await self.store.history(name, limit=1_000)))

    async def outcomes(self, name: str = "report") -> list[str]:
        return [str(firing.outcome) for firing in await self.history(name)]

    async def claim(self) -> Claim:
        return await claim_one(self.backend)

    async def finish(self, claim: Claim) -> None:
        await self.backend.jobs.finish_many([Finish(lease=claim.lease, outcome=Completed())])


def at(**ahead: float) -> str:
    return (START + timedelta(**ahead)).isoformat()


@pytest.fixture
def bench(frozen: MemoryBackend, clock: FrozenClock) -> Bench:
    return Bench(frozen, clock)


async def test_an_occurrence_fires_when_it_is_due_and_not_before(bench: Bench) -> None:
    await bench.add(minutes(10))
    assert await bench.leader.tick() == LOOK_EVERY
    assert await bench.pass_time(minutes(10) - seconds(2)) == seconds(2)
    assert await bench.jobs() == []
    await bench.pass_time(seconds(2))
    assert await bench.planned() == [at(minutes=10)]


async def test_a_schedule_made_while_the_schedules_are_read_is_not_slept_through(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = bench.leader._store.all

    async def read_and_be_overtaken() -> Any:
        found = await read()
        monkeypatch.undo()
        await bench.add(seconds(2))
        bench.leader._look_again()  # what the signal about it does
        return found

    monkeypatch.setattr(bench.leader._store, "all", read_and_be_overtaken)
    await bench.leader.tick()
    assert await bench.leader.tick() == seconds(2) < LOOK_EVERY
    await bench.pass_time(seconds(2))
    assert await bench.planned() == [at(seconds=2)]


async def test_a_look_that_failed_is_taken_again_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.add(seconds(2))

    async def fail() -> Any:
        raise Unavailable("injected")

    monkeypatch.setattr(bench.leader._store, "all", fail)
    with pytest.raises(Unavailable):
        await bench.leader.tick()
    monkeypatch.undo()
    assert await bench.leader.tick() == seconds(2)


async def test_the_job_knows_its_planned_instant_and_the_ledger_knows_the_job(bench: Bench) -> None:
    await bench.add(minutes(10))
    await bench.pass_time(minutes(10) + seconds(3))
    (job,), (firing,) = await bench.jobs(), await bench.history()
    assert job.meta == {"headrace.schedule": "report", "headrace.occurrence": at(minutes=10)}
    assert (firing.outcome, firing.job_id, firing.delay) == (Outcome.FIRED, job.id, seconds(3))


async def test_two_schedulers_fire_each_occurrence_once(bench: Bench) -> None:
    await bench.add(minutes(1))
    other = bench.scheduler()
    for _ in range(5):
        bench.clock.advance(minutes(1))
        for scheduler in (bench.leader, other, bench.leader):
            while await scheduler.tick() == timedelta(0):
                pass
    assert await bench.planned() == [at(minutes=minute) for minute in range(1, 6)]


async def test_a_scheduler_that_was_restarted_goes_on_where_the_one_before_ended(bench: Bench) -> None:
    await bench.add(minutes(1))
    await bench.pass_time(minutes(1))
    await bench.pass_time(minutes(1), bench.scheduler())
    assert await bench.planned() == [at(minutes=1), at(minutes=2)]


async def test_a_clock_that_was_stepped_back_fires_nothing_again(bench: Bench) -> None:
    await bench.add(minutes(1))
    await bench.pass_time(minutes(3))
    bench.clock.set_wall(START)
    for _ in range(4):
        await bench.pass_time(minutes(1), bench.scheduler())
    assert (await bench.planned())[-1] == at(minutes=4)
    assert len(set(await bench.planned())) == len(await bench.planned())


async def test_who_is_not_the_leader_stands_in_only_when_it_is_late(bench: Bench) -> None:
    await bench.add(minutes(1))
    other = bench.scheduler(leading=False)
    assert await bench.pass_time(minutes(1), other) == STAND_IN_AFTER
    assert await bench.jobs() == []
    await bench.pass_time(STAND_IN_AFTER, other)
    assert await bench.planned() == [at(minutes=1)]


async def test_who_stands_in_goes_on_in_time_until_the_leader_is_back(bench: Bench) -> None:
    await bench.add(seconds(1), overlap=Overlap.ALLOW)
    other = bench.scheduler(leading=False)
    await other.tick()
    await bench.pass_time(seconds(1) + STAND_IN_AFTER, other)
    fired = [at(seconds=1), at(seconds=2), at(seconds=3)]
    assert await bench.planned() == fired

    assert await bench.pass_time(seconds(1), other) == STAND_IN_ON_AFTER
    assert await bench.pass_time(STAND_IN_ON_AFTER, other) == seconds(1)
    assert await bench.planned() == [*fired, at(seconds=4)]

    await bench.pass_time(seconds(1) - STAND_IN_ON_AFTER)
    await bench.pass_time(STAND_IN_ON_AFTER, other)
    await bench.pass_time(seconds(1) - STAND_IN_ON_AFTER)
    assert await bench.pass_time(STAND_IN_ON_AFTER, other) == STAND_IN_AFTER + seconds(1) - STAND_IN_ON_AFTER
    assert await bench.planned() == [*fired, *(at(seconds=each) for each in (4, 5, 6))]


async def test_who_is_not_the_leader_does_nothing_where_the_leader_did_it(bench: Bench) -> None:
    await bench.add(minutes(1))
    other = bench.scheduler(leading=False)
    await other.tick()
    await bench.pass_time(minutes(1))
    assert await bench.pass_time(seconds(3), other) == LOOK_EVERY
    assert len(await bench.jobs()) == 1


# -- missed occurrences ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misfire", "fired"),
    [(Misfire.SKIP, []), (Misfire.ONCE, [5]), (Misfire.ALL, [3, 4, 5])],
)
async def test_what_was_missed_is_made_good_as_the_policy_says_and_the_rest_is_told(
    bench: Bench, misfire: Misfire, fired: list[int]
) -> None:
    await bench.add(hours(1), misfire=misfire, misfire_limit=3)
    await bench.pass_time(hours(5.5))
    assert await bench.planned() == [at(hours=hour) for hour in fired]
    missed = [firing.planned.isoformat() for firing in await bench.history() if firing.outcome is Outcome.MISSED]
    assert missed == [at(hours=hour) for hour in range(1, 6) if hour not in fired]
    assert all(firing.reason for firing in await bench.history())


async def test_once_adds_nothing_where_an_occurrence_is_due_in_time(bench: Bench) -> None:
    await bench.add(hours(1), misfire=Misfire.ONCE)
    await bench.pass_time(hours(3))
    assert await bench.planned() == [at(hours=3)]
    assert await bench.outcomes() == ["missed", "missed", "fired"]


async def test_a_little_late_is_not_missed(bench: Bench) -> None:
    await bench.add(hours(1), misfire=Misfire.SKIP, misfire_after=minutes(5))
    await bench.pass_time(hours(1) + minutes(4))
    assert await bench.planned() == [at(hours=1)]


async def test_a_long_absence_is_summed_up(bench: Bench) -> None:
    await bench.add(seconds(1), misfire=Misfire.ALL, misfire_limit=2)
    bench.clock.advance(timedelta(days=30))
    while await bench.leader.tick() == timedelta(0):
        pass
    missed, *fired = await bench.history()
    assert (missed.outcome, missed.count) == (Outcome.MISSED, 1_000)
    assert [firing.outcome for firing in fired] == [Outcome.FIRED] * 62
    assert missed.planned == fired[0].planned - seconds(1)


async def test_what_was_missed_while_it_was_paused_follows_the_policy_too(bench: Bench) -> None:
    schedule = await bench.add(hours(1), misfire=Misfire.ONCE, paused=True)
    await bench.pass_time(hours(3.5))
    assert await bench.jobs() == []
    stored = await bench.store.get("report")
    assert stored is not None
    await bench.store.put(structs.replace(schedule, paused=False), revision=stored.revision)
    await bench.pass_time(LOOK_EVERY)
    assert await bench.planned() == [at(hours=3)]


# -- overlap ---------------------------------------------------------------------------------------------------------


async def test_skip_fires_nothing_while_the_job_before_has_not_ended(bench: Bench) -> None:
    await bench.add(minutes(1), overlap=Overlap.SKIP)
    await bench.pass_time(minutes(1))
    claim = await bench.claim()
    await bench.pass_time(minutes(1))
    await bench.finish(claim)
    await bench.pass_time(minutes(1))
    assert await bench.outcomes() == ["fired", "skipped", "fired"]
    assert "has not ended" in str((await bench.history())[1].reason)


async def test_queue_fires_one_after_the_other(bench: Bench) -> None:
    await bench.add(minutes(1), overlap=Overlap.QUEUE)
    await bench.pass_time(minutes(1))
    claim = await bench.claim()
    for _ in range(2):
        await bench.pass_time(minutes(1))
    assert await bench.outcomes() == ["fired", "held", "held"]
    for planned in (2, 3):
        await bench.finish(claim)
        await bench.pass_time(seconds(1))
        claim = await bench.claim()
        assert claim.job.meta[OCCURRENCE_META] == at(minutes=planned)
    assert await bench.outcomes() == ["fired", "fired", "fired"]


async def test_the_end_of_a_job_releases_what_waits_for_it_at_once(bench: Bench) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    bench.telemetry.attach(lambda name, _: told.put_nowait(name))
    await bench.add(minutes(1), overlap=Overlap.QUEUE)
    await bench.leader.start()
    async with asyncio.timeout(LOOK_EVERY.total_seconds() / 2):
        for expected in ("schedule.fired", "schedule.held"):
            bench.clock.advance(minutes(1))
            bench.leader.nudge()
            assert await told.get() == expected
        for _ in range(10):
            await asyncio.sleep(0)  # it looks once more, and falls asleep
        await bench.finish(await bench.claim())
        assert await told.get() == "schedule.fired"
    await bench.leader.stop()
    assert await bench.planned() == [at(minutes=1), at(minutes=2)]


async def test_behind_a_job_that_never_ends_not_everything_waits(bench: Bench) -> None:
    await bench.add(minutes(1), overlap=Overlap.QUEUE, misfire=Misfire.ALL)
    await bench.pass_time(minutes(1))
    await bench.claim()
    for _ in range(HELD_MAX + 2):
        await bench.pass_time(minutes(1))
    outcomes = await bench.outcomes()
    assert (outcomes.count("held"), outcomes.count("skipped")) == (HELD_MAX, 2)


async def test_replace_cancels_the_job_before(bench: Bench) -> None:
    await bench.add(minutes(1), overlap=Overlap.REPLACE)
    await bench.pass_time(minutes(1))
    await bench.pass_time(minutes(1))
    first, second = await bench.jobs()
    assert (first.state, second.state) == (JobState.CANCELLED, JobState.QUEUED)
    assert "replaced" in str(first.reason)


async def test_allow_fires_whatever_runs(bench: Bench) -> None:
    await bench.add(minutes(1), overlap=Overlap.ALLOW)
    for _ in range(3):
        await bench.pass_time(minutes(1))
    assert len(await bench.jobs()) == 3


# -- changes ---------------------------------------------------------------------------------------------------------


async def test_a_change_is_heard_at_once(bench: Bench) -> None:
    await bench.leader.start()
    heard: list[str] = []
    async with bench.backend.signals.subscribe((SCHEDULE,)) as topics:
        schedule = await bench.add(minutes(1))
        await bench.store.put(structs.replace(schedule, jitter=seconds(1)), revision=1)
        await bench.store.delete("report")
        async for told in topics:
            heard.append(told)
            break
    await bench.leader.stop()
    assert heard == [topic(SCHEDULE, "report")]


async def test_a_new_rule_counts_from_when_it_was_made(bench: Bench) -> None:
    schedule = await bench.add(hours(24))
    await bench.pass_time(hours(23))
    changed = structs.replace(schedule, rule=make_rule(hours(1)), since=bench.clock.now())
    await bench.store.put(changed, revision=1)
    await bench.pass_time(hours(1))
    assert await bench.planned() == [at(hours=24)]
    assert await bench.outcomes() == ["fired"]


async def test_a_schedule_that_is_deleted_fires_no_more_and_leaves_nothing(bench: Bench) -> None:
    await bench.add(minutes(1))
    await bench.pass_time(minutes(1))
    await bench.store.delete("report")
    await bench.pass_time(minutes(1))
    assert len(await bench.jobs()) == 1
    assert await bench.history() == []


async def test_a_schedule_that_no_running_worker_declares_does_not_fire(bench: Bench) -> None:
    await bench.add(minutes(1), origin=Origin.CODE)
    await bench.pass_time(minutes(1))
    assert await bench.jobs() == []
    declaring = bench.scheduler(declared=[bench.schedule(minutes(1), origin=Origin.CODE)])
    await bench.pass_time(minutes(1), declaring)
    assert len(await bench.jobs()) == 1


async def test_a_declared_schedule_stays_paused_and_takes_over_a_new_rule(bench: Bench) -> None:
    await bench.store.declare([bench.schedule(hours(1), origin=Origin.CODE)])
    stored = await bench.store.get("report")
    assert stored is not None
    await bench.store.put(structs.replace(stored.value, paused=True), revision=stored.revision)
    bench.clock.advance(hours(1))
    await bench.store.declare([bench.schedule(hours(2), origin=Origin.CODE)])
    now = await bench.store.get("report")
    assert now is not None
    assert (now.value.paused, now.value.rule, now.value.since) == (True, make_rule(hours(2)), START + hours(1))
    assert now.value.created_at == START


async def test_the_code_does_not_take_a_schedule_that_was_made_at_run_time(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    mine = await bench.add(hours(1))
    await bench.store.declare([bench.schedule(hours(2), origin=Origin.CODE)])
    stored = await bench.store.get("report")
    assert stored is not None
    assert stored.value == mine
    assert "another name" in caplog.text


# -- what is kept ----------------------------------------------------------------------------------------------------


async def test_the_ledger_keeps_the_newest_entries(bench: Bench) -> None:
    await bench.add(seconds(1), misfire_after=hours(10))
    for _ in range(3):
        bench.clock.advance(seconds(600))
        while await bench.leader.tick() == timedelta(0):
            pass
    kept = await bench.history()
    assert LEDGER_KEEP <= len(kept) < LEDGER_KEEP + 700
    assert kept[-1].planned == START + seconds(1_800)


async def test_jitter_delays_each_job_by_its_own_and_always_the_same(bench: Bench) -> None:
    await bench.add(minutes(1), jitter=seconds(30))
    for _ in range(20):
        await bench.pass_time(minutes(1))
    delays = [job.run_at - datetime.fromisoformat(job.meta[OCCURRENCE_META]) for job in await bench.jobs()]
    assert all(timedelta(0) <= delay <= seconds(30) for delay in delays)
    assert len(set(delays)) > 15


async def test_a_one_off_fires_once(bench: Bench) -> None:
    await bench.add(START + hours(1))
    for _ in range(5):
        await bench.pass_time(hours(1))
    assert await bench.planned() == [at(hours=1)]


async def test_an_occurrence_that_was_decided_by_one_that_died_is_completed(bench: Bench) -> None:
    await bench.add(minutes(1))
    now = bench.clock.now()
    entry = Firing(planned=START + minutes(1), outcome=Outcome.FIRING, decided_at=now)
    await bench.store.enter({ledger_key("report", entry.planned): entry})
    await bench.pass_time(minutes(1))
    assert await bench.planned() == [at(minutes=1)]
    assert await bench.outcomes() == ["fired"]


async def test_an_occurrence_whose_job_has_run_and_is_pruned_is_not_enqueued_again(bench: Bench) -> None:
    schedule = await bench.add(minutes(1))
    entry = Firing(planned=START + minutes(1), outcome=Outcome.FIRING, decided_at=START)
    await bench.store.enter({ledger_key("report", entry.planned): entry})
    bench.clock.advance(minutes(1))
    await bench.backend.jobs.enqueue_many([occurrence_job(schedule, entry.planned, now=bench.clock.now())])
    await bench.finish(await bench.claim())
    bench.clock.advance(seconds(1))
    await bench.backend.jobs.prune(Retention(succeeded=timedelta(0)), limit=10)
    assert await bench.jobs() == []
    await bench.leader.tick()
    assert await bench.jobs() == []
    assert await bench.outcomes() == ["fired"]


class Refuses:
    """A job store that takes no job of a task named ``bad``."""

    def __init__(self, jobs: Any) -> None:
        self._jobs = jobs

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._jobs, verb)

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> Any:
        if any(job.task == "bad" for job in jobs):
            raise TooLarge("it is too large")
        return await self._jobs.enqueue_many(jobs)


async def test_a_job_that_the_store_refuses_keeps_no_other_schedule_from_firing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.backend.jobs = Refuses(bench.backend.jobs)  # type: ignore[assignment]
    await bench.add(minutes(1), name="good")
    bad = bench.schedule(minutes(1), name="bad")
    await bench.store.put(structs.replace(bad, job=structs.replace(bad.job, task="bad")), revision=0)
    await bench.pass_time(minutes(1))
    (failed,) = await bench.history("bad")
    assert (failed.outcome, failed.reason, failed.job_id) == (Outcome.FAILED, "it is too large", None)
    assert await bench.outcomes("good") == ["fired"]
    assert "it is too large" in caplog.text
