"""Schedulers that fail at any call and a clock that is stepped, seed by seed: no occurrence is fired twice or lost."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from headrace.backends.memory import MemoryBackend
from headrace.engine.schedule_store import ScheduleStore
from headrace.engine.scheduler import Scheduler
from headrace.errors import Unavailable
from headrace.model.ids import JobId, WorkerId
from headrace.model.job import OCCURRENCE_META, NewJob
from headrace.model.lease import Claim
from headrace.model.outcome import Completed, Finish
from headrace.model.queue import Retention
from headrace.model.rules import make_rule, occurrences
from headrace.model.schedule import Firing, Misfire, Outcome, Overlap, Schedule
from headrace.storage.jobs import ClaimRequest, Enqueued
from headrace.telemetry import Telemetry
from headrace.testing.clock import START, FrozenClock
from tests.simulation.rounds import ROUNDS

SEEDS = 150 * ROUNDS
STEPS = 40
STEP = timedelta(seconds=10)
FAULTS = 0.1
RULES = (timedelta(seconds=10), timedelta(seconds=35), "* * * * *", "*/20 * * * * *")


class Enqueues:
    """The job store, which counts the jobs that each occurrence truly became."""

    def __init__(self, jobs: Any) -> None:
        self._jobs = jobs
        self.made: Counter[str] = Counter()

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._jobs, verb)

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        replies: list[Enqueued] = await self._jobs.enqueue_many(jobs)
        for job, reply in zip(jobs, replies, strict=True):
            if not reply.duplicate and not reply.conflict:
                self.made[job.meta[OCCURRENCE_META]] += 1
        return replies


class Flaky:
    """A store of which any call may fail, before its effect or after it: a process died, or a reply was lost."""

    def __init__(self, store: Any, dice: random.Random) -> None:
        self._store = store
        self._dice = dice

    def __getattr__(self, verb: str) -> Any:
        real = getattr(self._store, verb)

        async def call(*args: Any, **kwargs: Any) -> Any:
            chance = self._dice.random()
            if chance < FAULTS / 2:
                raise Unavailable("before")
            answer = await real(*args, **kwargs)
            if chance < FAULTS:
                raise Unavailable("after")
            return answer

        return call


class FlakyBackend:
    """A backend seen by one scheduler."""

    def __init__(self, backend: MemoryBackend, dice: random.Random) -> None:
        self._backend = backend
        self.kv = Flaky(backend.kv, dice)
        self.jobs = Flaky(backend.jobs, dice)
        self.reader = Flaky(backend.reader, dice)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class World:
    """A few schedulers, one schedule, jobs that end when they like, and a clock."""

    def __init__(self, seed: int, *, steps_back: bool, **fields: Any) -> None:
        self.dice = random.Random(seed)
        self.clock = FrozenClock()
        self.backend = MemoryBackend(clock=self.clock)
        self.steps_back = steps_back
        self.enqueues = Enqueues(self.backend.jobs)
        self.backend.jobs = self.enqueues  # type: ignore[assignment]
        self.fields = fields
        self.claims: list[Claim] = []
        self.latest = START
        self.history: list[Firing] = []

    async def run(self) -> Schedule:
        await self.backend.open()
        job = NewJob(id=JobId(""), task="t", payload=b"")
        rule = make_rule(self.dice.choice(RULES))
        schedule = Schedule(name="s", rule=rule, job=job, created_at=START, since=START, **self.fields)
        await ScheduleStore(self.backend).put(schedule, revision=0)
        schedulers = [self._scheduler() for _ in range(3)]
        for _ in range(STEPS):
            self._pass_time()
            await self._work()
            index = self.dice.randrange(3)
            if self.dice.random() < 0.1:
                schedulers[index] = self._scheduler()
            await self._tick(schedulers[index])
        # In the end all is well again, the clock too, and nothing may be left undone.
        self.clock.set_wall(self.latest + timedelta(seconds=self.dice.uniform(0, 30)))
        healthy = Scheduler(self.backend, leading=lambda: True, telemetry=Telemetry())
        while await healthy.tick() == timedelta(0):
            pass
        self.history = await ScheduleStore(self.backend).history("s", limit=1_000)
        await self.backend.close()
        return schedule

    def _scheduler(self) -> Scheduler:
        flaky: Any = FlakyBackend(self.backend, self.dice)
        leading = self.dice.random() < 0.7
        return Scheduler(flaky, leading=lambda: leading, telemetry=Telemetry())

    def _pass_time(self) -> None:
        chance = self.dice.random()
        if self.steps_back and chance < 0.15:
            self.clock.set_wall(self.clock.now() - timedelta(seconds=self.dice.uniform(1, 120)))
        elif chance < 0.2:
            self.clock.advance(timedelta(seconds=self.dice.uniform(60, 600)))
        else:
            self.clock.advance(STEP * self.dice.random())
        self.latest = max(self.latest, self.clock.now())

    async def _work(self) -> None:
        """A worker takes jobs, ends some, and what has ended is deleted at once."""
        request = ClaimRequest(worker=WorkerId("w"), demand={"default": 3}, lease_for=timedelta(days=1))
        self.claims += await self.backend.jobs.claim(request)
        self.dice.shuffle(self.claims)
        while self.claims and self.dice.random() < 0.6:
            lease = self.claims.pop().lease
            await self.backend.jobs.finish_many([Finish(lease=lease, outcome=Completed())])
        none = timedelta(0)
        await self.backend.jobs.prune(Retention(succeeded=none, cancelled=none), limit=100)

    async def _tick(self, scheduler: Scheduler) -> None:
        for _ in range(self.dice.randint(1, 3)):
            with contextlib.suppress(Unavailable):
                await scheduler.tick()


@pytest.mark.parametrize("overlap", list(Overlap))
async def test_no_occurrence_is_fired_twice(overlap: Overlap) -> None:
    fired = 0
    for seed in range(SEEDS):
        world = World(seed, steps_back=True, overlap=overlap, misfire=Misfire.ALL)
        await world.run()
        twice = [planned for planned, count in world.enqueues.made.items() if count > 1]
        assert not twice, f"seed {seed}: {twice}"
        fired += len(world.enqueues.made)
    assert fired > SEEDS


async def test_no_occurrence_is_lost_whatever_fails() -> None:
    for seed in range(SEEDS):
        world = World(seed, steps_back=False, overlap=Overlap.ALLOW, misfire=Misfire.ALL, misfire_limit=1_000)
        schedule = await world.run()
        due = _due(schedule, world.clock.now())
        assert sorted(world.enqueues.made) == due, f"seed {seed}"


async def test_the_ledger_says_of_every_job_that_it_fired_and_of_nothing_else() -> None:
    for seed in range(SEEDS):
        world = World(seed, steps_back=True, overlap=Overlap.SKIP, misfire=Misfire.ONCE)
        await world.run()
        fired = {firing.planned.isoformat() for firing in world.history if firing.outcome is Outcome.FIRED}
        assert fired == set(world.enqueues.made), f"seed {seed}"


def _due(schedule: Schedule, now: datetime) -> list[str]:
    due: list[str] = []
    for planned in occurrences(schedule.rule, schedule.since):
        if planned.at > now:
            return due
        due.append(planned.at.isoformat())
    return due
