"""Runs the jobs of an app under test: one at a time, in an order that is the same each time, up to a given instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from headrace.app import Headrace
from headrace.backends.memory.place import Place
from headrace.config import LEASE_DEFAULT
from headrace.engine.scheduler import Scheduler
from headrace.errors import JobFailed, UsageError
from headrace.model.control import Control
from headrace.model.durations import ZERO
from headrace.model.job import ErrorInfo, Job, JobState
from headrace.model.lease import Claim
from headrace.storage.backend import MAX_BATCH_DEFAULT, Backend
from headrace.storage.jobs import ClaimRequest, Rescued
from headrace.tasks.call import Call
from headrace.testing.clock import FrozenClock
from headrace.testing.hand import Hand
from headrace.testing.report import DrainReport, Run, most_frequent
from headrace.testing.stage import StagedBackend
from headrace.testing.watch import Watch

RUNS_MAX = 1_000
"""Attempts in one drain: more than a test asks for, and soon reached by jobs that enqueue each other for ever."""


class Driver:
    """Claims, hands on, and does a leader's upkeep, by the same verbs of the store that a worker uses.

    Jobs of the queue whose oldest job is the oldest run first; within a queue the store's order applies.
    """

    def __init__(self, app: Headrace, backend: Backend, watch: Watch, clock: FrozenClock) -> None:
        self._app = app
        self._backend = backend
        self._watch = watch
        self._clock = clock

    async def drain(self, queues: Iterable[str] | None, limit: int, raise_errors: bool) -> DrainReport:
        """Run what is due until nothing is."""
        return await self.advance(ZERO, queues, limit, raise_errors)

    async def advance(
        self, step: timedelta, queues: Iterable[str] | None, limit: int, raise_errors: bool
    ) -> DrainReport:
        """Run what is due until nothing is, at each instant up to ``step`` from now at which something becomes due."""
        if isinstance(queues, str):
            message = f"queues takes several: queues=[{queues!r}]"
            raise UsageError(message)
        wanted = None if queues is None else frozenset(queues)
        end = self._clock.now() + step
        runs: list[Run] = []
        scheduler = self._scheduler()
        async with Hand(self._app, self._backend, self._watch) as hand:
            while True:
                following = await self._upkeep(scheduler)
                if (claim := await self._claim(wanted, hand)) is not None:
                    _refuse_endless(runs, limit)
                    runs.append(await self._run(hand, claim, raise_errors))
                elif following is not None and following <= end:
                    self._clock.advance(max(ZERO, following - self._clock.now()))
                elif self._clock.now() < end:
                    self._clock.advance(end - self._clock.now())
                else:
                    return DrainReport(tuple(runs))

    async def run_once(self, call: Call[Any]) -> Any:
        """Run a call by itself, in a store of its own. Raises what its handler raises."""
        backend = StagedBackend(self._clock, Place(), claims=True)
        await backend.open()
        job = structs.replace(call.new_job(), delay=None, run_at=None)
        await backend.jobs.enqueue_many([job])
        request = ClaimRequest(worker="run", demand={job.queue: 1}, lease_for=LEASE_DEFAULT)
        async with Hand(self._app, backend, self._watch) as hand:
            [claim] = await backend.jobs.claim(request)
            outcome = await hand.run(claim)
        [ended] = await backend.reader.get_many([job.id])
        assert ended is not None
        error = self._watch.raised.pop(job.id, None)
        if isinstance(error, Exception | Control):
            raise error
        if outcome == "failed":
            raise _failure(ended)
        return self._app.result_of(ended)

    def _scheduler(self) -> Scheduler:
        declared = self._app.declared_schedules()
        return Scheduler(
            self._backend,
            leading=lambda: True,
            telemetry=self._app.telemetry,
            declared=declared,
            enqueue=self._app.enqueue_occurrences,
        )

    async def _upkeep(self, scheduler: Scheduler) -> datetime | None:
        """What a leader does, at this instant. Answers when the next job, or occurrence, is due, or a job expires."""
        jobs = self._backend.jobs
        occurrence = await scheduler.fire_due()
        while len(await self._rescue()) == MAX_BATCH_DEFAULT:
            pass
        while len((expiration := await jobs.expire(limit=MAX_BATCH_DEFAULT)).ids) == MAX_BATCH_DEFAULT:
            pass
        while (promotion := await jobs.promote(limit=MAX_BATCH_DEFAULT)).count == MAX_BATCH_DEFAULT:
            pass
        instants = (promotion.next_due, expiration.next_expiry, occurrence)
        return min((at for at in instants if at is not None), default=None)

    async def _claim(self, queues: frozenset[str] | None, hand: Hand) -> Claim | None:
        """The next job to run, from the first queue that gives one: paused queues give none."""
        oldest = await self._backend.reader.oldest_queued()
        for _, queue in sorted((since, queue) for queue, since in oldest.items()):
            if queues is None or queue in queues:
                request = ClaimRequest(worker=hand.id, demand={queue: 1}, lease_for=LEASE_DEFAULT)
                for claim in await self._backend.jobs.claim(request):
                    return claim
        return None

    async def _run(self, hand: Hand, claim: Claim, raise_errors: bool) -> Run:
        outcome = await hand.run(claim)
        if outcome == "lost":
            await self._lose(claim)
        [job] = await self._backend.reader.get_many([claim.job.id])
        assert job is not None
        run = Run(
            job_id=job.id,
            task=job.task,
            attempt=claim.job.attempt,
            outcome=outcome,
            state=job.state,
            error=None if outcome == "completed" else job.error,
        )
        raised = self._watch.raised.pop(job.id, None)
        if outcome == "failed" and raise_errors:
            raise _told(raised, job, run)
        return run

    async def _lose(self, claim: Claim) -> None:
        """The worker is dead: its lease ends now, rather than in half a minute, and someone takes the job back."""
        await self._backend.jobs.heartbeat([claim.lease], extend=ZERO)
        await self._rescue()

    async def _rescue(self) -> list[Rescued]:
        quarantine_after = self._app.worker_config.quarantine_after
        return await self._backend.jobs.rescue(limit=MAX_BATCH_DEFAULT, quarantine_after=quarantine_after)


def _told(raised: BaseException | None, job: Job, run: Run) -> BaseException:
    """What the handler raised, with what became of the job."""
    error = raised if isinstance(raised, Exception) else _failure(job)
    then = "it is dead" if run.state is JobState.DEAD else f"it is {run.state}, to run at {job.run_at.isoformat()}"
    error.add_note(
        f"Raised by job {job.id} of task {run.task} at attempt {run.attempt} of {job.max_attempts}; {then}. "
        "In a test of failures, raise_errors=False records it and goes on."
    )
    return error


def _failure(job: Job) -> JobFailed:
    """For what has no exception of its own: a handler that ran out of time was merely cancelled."""
    info = job.error or ErrorInfo(type="unknown", message="")
    return JobFailed(job.id, info.type, info.message, info.traceback)


def _refuse_endless(runs: list[Run], limit: int) -> None:
    if len(runs) >= limit:
        message = (
            f"{limit} attempts ran, and jobs are still due: do they enqueue each other for ever? "
            f"What ran most: {most_frequent(runs)}. limit={limit * 10} allows more"
        )
        raise AssertionError(message)
