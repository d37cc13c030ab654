"""kill -9, anywhere: nothing acknowledged is lost, nothing ends twice, every lost attempt is on record."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections import Counter

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import (
    Program,
    Programs,
    acknowledged,
    born,
    opened,
    read_attempts,
    read_jobs,
    wait_until_all_ended,
)
from tests.acceptance.programs.common import Orders, make_app
from tests.simulation.rounds import ROUNDS

SEED = int(os.environ.get("HEADRACE_SEED", "20260"))
KILLS = 30 * ROUNDS
WORKERS = 3
ENQUEUERS = 2
SUICIDES = 2


class Crowd:
    """Workers and enqueuers, each in a place that is filled again when its process is gone."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.workers = [self._worker() for _ in range(WORKERS)]
        self.enqueuers = [self._enqueuer() for _ in range(ENQUEUERS)]
        self.all: list[Program] = [*self.workers, *self.enqueuers]

    def _worker(self) -> Program:
        return self.programs.start("worker", slots=4, tell=["job.stale"])

    def _enqueuer(self) -> Program:
        return self.programs.start("enqueuer", batch=20)

    def kill_one(self, dice: random.Random) -> None:
        """Kill somebody, and start anew who is gone, also by its own hand."""
        dice.choice([*self.workers, *self.enqueuers]).kill()
        for place, make in ((self.workers, self._worker), (self.enqueuers, self._enqueuer)):
            for index, program in enumerate(place):
                if not program.running:
                    place[index] = make()
                    self.all.append(place[index])

    def refill_workers(self) -> None:
        """Start workers in the place of those that a job took with it."""
        for index, program in enumerate(self.workers):
            if not program.running:
                self.workers[index] = self._worker()
                self.all.append(self.workers[index])


@pytest.mark.parametrize("seed", [SEED])
async def test_killing_workers_and_enqueuers_at_random_loses_nothing(programs: Programs, seed: int) -> None:
    dice = random.Random(seed)
    suicides = await _enqueue_suicides(programs)
    crowd = Crowd(programs)
    for _ in range(KILLS):
        threading.Event().wait(dice.uniform(0.0, 0.6))  # a random instant is what this is about
        crowd.kill_one(dice)
    for enqueuer in crowd.enqueuers:
        enqueuer.process.terminate()
        enqueuer.wait()
    async with opened(programs.url) as backend:
        await _drain(crowd, backend)
        ids = acknowledged(crowd.all)
        assert len(ids) > KILLS, "hardly anything was enqueued"
        await _check(backend, programs, crowd, ids, seed)
        await _check_suicides(backend, suicides)
        assert await backend.check() == []
    assert [event for program in crowd.all for event in program.saw("job.stale")] == [], f"seed {seed}"


async def _enqueue_suicides(programs: Programs) -> list[str]:
    app = make_app(Orders(url=programs.url))
    async with app:
        handles = await app.enqueue_many([app.find_task("suicide").call() for _ in range(SUICIDES)])
    return [handle.id for handle in handles]


async def _drain(crowd: Crowd, backend: SqliteBackend) -> None:
    """Let the workers come to the end of it, with a new one in the place of each that a job takes with it."""

    async def refill() -> None:
        while True:
            crowd.refill_workers()
            await asyncio.sleep(0.2)

    keeper = asyncio.create_task(refill())
    try:
        await wait_until_all_ended(backend, timeout=120)
    finally:
        keeper.cancel()


async def _check(backend: SqliteBackend, programs: Programs, crowd: Crowd, ids: list[str], seed: int) -> None:
    jobs = await read_jobs(backend, ids)
    workers = set(born(crowd.all))
    executions = programs.executions()
    attempts = await read_attempts(backend, jobs)
    for job in jobs:
        outcomes = Counter(attempt.outcome for attempt in attempts[job.id])
        told = f"seed {seed}: {job.id} is {job.state} after {outcomes}"
        assert job.state is JobState.SUCCEEDED, told
        assert outcomes[AttemptOutcome.SUCCEEDED] == 1, told
        assert outcomes[AttemptOutcome.LOST] == outcomes.total() - 1, told
        assert job.claims == job.attempt == outcomes.total(), f"{told}, {job.claims} claims, attempt {job.attempt}"
        assert {attempt.worker for attempt in attempts[job.id]} <= workers, told
        assert executions[job.id, job.attempt] == 1, f"{told}, without its effect"
    assert max(executions.values()) == 1, f"seed {seed}: an attempt was run twice: {executions.most_common(3)}"


async def _check_suicides(backend: SqliteBackend, ids: list[str]) -> None:
    for job in await read_jobs(backend, ids):
        attempts = await backend.reader.attempts(job.id)
        assert job.state is JobState.DEAD
        assert [each.outcome for each in attempts] == [AttemptOutcome.LOST] * job.max_attempts
        assert len({each.worker for each in attempts}) == job.max_attempts, "each took another worker with it"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", ["jobs.enqueue_many", "jobs.claim", "jobs.finish_many"])
async def test_a_process_killed_around_a_call_of_the_store_loses_nothing(
    programs: Programs, verb: str, moment: str
) -> None:
    """The third call of the verb has no effect, or has its effect and nobody sees the reply."""
    module = "enqueuer" if verb == "jobs.enqueue_many" else "worker"
    if module == "worker":
        programs.start("enqueuer", count=40, batch=5).wait()
    victim = programs.start(module, count=40, batch=5, die=[verb, 3, moment])
    assert victim.wait() == -signal.SIGKILL, victim.told()
    if module == "enqueuer":
        programs.start(module, count=40, batch=5).wait()
    survivor = programs.worker(tell=["job.stale"])
    async with opened(programs.url) as backend:
        await wait_until_all_ended(backend, timeout=60)
        ids = acknowledged(programs.started)
        assert len(ids) >= 40
        workers = set(born(programs.started))
        for job in await read_jobs(backend, ids):
            attempts = await backend.reader.attempts(job.id)
            assert job.state is JobState.SUCCEEDED
            assert [each.outcome for each in attempts][-1] is AttemptOutcome.SUCCEEDED
            assert {each.outcome for each in attempts[:-1]} <= {AttemptOutcome.LOST}
            assert job.claims == len(attempts)
            assert {each.worker for each in attempts} <= workers
    assert survivor.saw("job.stale") == []
    assert max(programs.executions().values()) == 1
