"""Claims as many jobs as there is room for, and starts them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from headrace.config import WorkerConfig
from headrace.engine.backoff import Backoff
from headrace.engine.completer import Completer
from headrace.engine.execution import Execution, Interruption, Phase
from headrace.engine.executor import Executor
from headrace.engine.lanes import Lane, make_lanes
from headrace.engine.listener import Listener
from headrace.engine.reporter import Reporter
from headrace.engine.runnable import Registry
from headrace.engine.service import Service, wait_at_most
from headrace.engine.threads import job_fields
from headrace.errors import StorageError
from headrace.model.ids import JobId, WorkerId
from headrace.model.lease import Claim
from headrace.model.outcome import Cancelled, Completed, Failed, Finish, Outcome, Released, Snoozed
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest
from headrace.storage.signals import WORK
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

POLL_S_FIRST = 0.1
"""After activity more work is likely, so the first look at an empty store comes soon; each next one waits twice."""

CLAIM_S_MAX = 60.0
"""A store that does not answer a claim for a minute is asked again. What the lost answer held is rescued."""

DRAIN_S_MAX = 5.0
"""How long a stopping worker waits for the claim in flight, to give back what it brings."""

UNKNOWN_TASK_DELAY = timedelta(seconds=30)
"""Another version of the program may know the task: during a rolling deploy it is there within half a minute."""


class Producer(Service):
    """One claim in flight, filling the free slots and a little ahead; one asyncio task for each job."""

    def __init__(
        self,
        worker: WorkerId,
        backend: Backend,
        registry: Registry,
        config: WorkerConfig,
        *,
        executor: Executor,
        completer: Completer,
        reporter: Reporter,
        held: dict[JobId, Execution],
        telemetry: Telemetry,
        known_tasks: Callable[[], Sequence[str]],
        on_gone: Callable[[Exception], None],
    ) -> None:
        super().__init__("producer")
        self._worker = worker
        self._backend = backend
        self._registry = registry
        self._config = config
        self._execute = executor.execute
        self._completer = completer
        self._reporter = reporter
        self._held = held
        self._telemetry = telemetry
        self._known_tasks = known_tasks
        self._on_gone = on_gone
        self._listener = Listener(backend.signals, (WORK,), self._hear)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._quiet = asyncio.Event()
        self._more = True
        self._poll_s = POLL_S_FIRST
        self._backoff = Backoff()
        self._outage_since: float | None = None
        self._warned: set[str] = set()
        self.released = 0
        self.last_claim_at: datetime | None = None
        self.lanes: dict[str, Lane] = {}

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def active(self) -> int:
        """How many jobs have a slot."""
        return sum(lane.running for lane in self.lanes.values())

    @property
    def waiting(self) -> int:
        """How many jobs are claimed ahead."""
        return sum(len(lane.waiting) for lane in self.lanes.values())

    @property
    def failing(self) -> bool:
        """True while the last claim failed."""
        return self._outage_since is not None

    async def quiet(self) -> None:
        """Wait until no job has a slot."""
        while self.active:
            self._quiet.clear()
            await self._quiet.wait()

    # -- life ----------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._stopping.clear()
        self._more = True
        self.lanes = make_lanes(self._config.queues, self._config.prefetch_effective, self._backend.clock.monotonic())
        await self._listener.start()
        self._claiming = self._spawn(self._claim_always())

    async def _end(self) -> None:
        """Stop claiming, and give back what has not started. Running jobs go on."""
        self._stopping.set()
        self._wake.set()
        await self._listener.stop()
        # A claim is not cancelled: its jobs might be taken and its answer lost, at the price of an attempt each.
        await asyncio.wait([self._claiming], timeout=DRAIN_S_MAX)
        for lane in self.lanes.values():
            while lane.waiting:
                self._settle(lane.waiting.pop(), Released())

    def interrupt_all(self, why: Interruption, reason: str) -> None:
        """Tell every running handler to stop."""
        for run in list(self._held.values()):
            run.interrupt(why, reason)

    def complain_about_stuck(self) -> None:
        """Say which handlers ignored their cancellation; their leases will run out."""
        for run in self._held.values():
            if run.phase is Phase.RUNNING:
                log.error(
                    "job %s of task %s ignores its cancellation; the worker leaves it behind, and it will run again",
                    run.job.id,
                    run.job.task,
                    extra=job_fields(run),
                )

    def cancel(self, run: Execution, reason: str) -> None:
        """Someone asked for the job to be cancelled."""
        if run.phase is Phase.WAITING:
            run.lane.waiting.remove(run)
            self._settle(run, Cancelled(reason=reason))
        else:
            run.interrupt(Interruption.CANCEL, reason)

    def lose(self, run: Execution) -> None:
        """The job's lease is lost: another worker may have it by now."""
        if run.phase is Phase.ENDED:
            return
        log.warning("the lease of job %s is lost", run.job.id, extra=job_fields(run))
        if self._telemetry.active:
            self._telemetry.emit("job.lease_lost", **job_fields(run))
        if run.phase is Phase.WAITING:
            run.lane.waiting.remove(run)
            self._forget(run)
        else:
            run.interrupt(Interruption.LOST, "its lease is lost")

    # -- claiming ------------------------------------------------------------------------------------------------

    def _hear(self, queue: str) -> None:
        if queue in self.lanes or queue == "*":
            self._more = True
            self._poll_s = POLL_S_FIRST
            self._wake.set()

    async def _claim_always(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            demand = self._demand()
            if not demand:
                await wait_at_most(self._wake, self._config.poll.total_seconds())
                continue
            # Before the call, so that a signal during the call is not forgotten by it.
            self._more = False
            try:
                claims = await self._claim(demand)
            except Exception as error:
                if self._leaves_after(error):
                    return
                await wait_at_most(self._stopping, self._backoff.failed())
                self._more = True
                continue
            await self._after_claim(demand, claims)

    async def _claim(self, demand: dict[str, int]) -> list[Claim]:
        clock = self._backend.clock
        asked_at = clock.monotonic()
        request = ClaimRequest(worker=self._worker, demand=demand, lease_for=self._config.lease)
        async with asyncio.timeout(CLAIM_S_MAX):
            claims = await self._backend.jobs.claim(request)
        self.last_claim_at = clock.now()
        self._outage_since = None
        if self._backoff.succeeded():
            log.info("jobs can be claimed again")
        for claim in claims:
            self._accept(claim, asked_at)
        return claims

    async def _after_claim(self, demand: dict[str, int], claims: list[Claim]) -> None:
        if len(claims) >= max(demand.values()):
            got: dict[str, int] = dict.fromkeys(demand, 0)
            for claim in claims:
                got[claim.job.queue] += 1
            if any(got[queue] >= wanted for queue, wanted in demand.items()):
                self._more = True
        if claims:
            self._poll_s = POLL_S_FIRST
        if self._more:
            # The jobs just claimed get a turn first: a store in memory answers without ever letting go of the loop.
            await asyncio.sleep(0)
            return
        await wait_at_most(self._wake, self._poll_s * (0.9 + 0.2 * random.random()))
        self._poll_s = min(self._config.poll.total_seconds(), self._poll_s * 2)

    def _hungry(self) -> bool:
        return any(lane.hungry for lane in self.lanes.values())

    def _demand(self) -> dict[str, int]:
        if self._completer.full or not self._hungry():
            return {}
        now = self._backend.clock.monotonic()
        for lane in self.lanes.values():
            lane.measure(now)
        return {queue: wanted for queue, lane in self.lanes.items() if (wanted := lane.demand)}

    def _leaves_after(self, error: Exception) -> bool:
        now = self._backend.clock.monotonic()
        if self._outage_since is None:
            self._outage_since = now
            log.warning("no jobs can be claimed; trying again: %r", error)
            if not isinstance(error, StorageError | TimeoutError):
                log.error("a store raised what is not a StorageError", exc_info=error)
        if self._telemetry.active:
            self._telemetry.emit("store.error", operation="claim", error=error)
        limit = self._config.fetch_failure_limit
        if limit is None or now - self._outage_since < limit.total_seconds():
            return False
        log.error("no claim has succeeded for %s; the worker leaves", limit)
        self._on_gone(error)
        return True

    # -- running -------------------------------------------------------------------------------------------------

    def _accept(self, claim: Claim, asked_at: float) -> None:
        job = claim.job
        lane = self.lanes[job.queue]
        runnable = self._registry(job.task)
        run = Execution(claim, runnable, lane, self._reporter, asked_at)
        self._held[job.id] = run
        if runnable is None:
            self._snooze_unknown(run)
        elif lane.running < lane.slots and not self._stopping.is_set():
            lane.running += 1
            self._start(run)
        else:
            lane.waiting.append(run)

    def _start(self, run: Execution) -> None:
        run.phase = Phase.STARTED
        # A fresh context each: what one handler sets in its context variables is not seen by the next.
        run.task = self._loop.create_task(self._run(run), context=self._context.copy())
        if self._telemetry.active:
            run.begun_at = self._backend.clock.monotonic()
            waited = (self._backend.clock.now() - run.job.run_at).total_seconds()
            self._telemetry.emit("job.started", **job_fields(run), wait_s=waited)

    async def _run(self, run: Execution) -> None:
        finish = await self._execute(run)
        if run.told:
            await self._reporter.settle(run)
        lane = run.lane
        lane.ended()
        if finish is None:
            self._forget(run)
        else:
            self._completer.submit(run, finish)
        if lane.waiting and not self._stopping.is_set():
            self._start(lane.waiting.popleft())
        else:
            lane.running -= 1
            if not lane.running:
                self._quiet.set()
        if self._more and lane.hungry:
            self._wake.set()
        if self._telemetry.active or finish is None or type(finish.outcome) is not Completed:
            self._tell(run, finish)

    def _forget(self, run: Execution) -> None:
        run.phase = Phase.ENDED
        if self._held.get(run.job.id) is run:
            del self._held[run.job.id]

    def _settle(self, run: Execution, outcome: Outcome) -> None:
        """End a run that has no slot."""
        run.phase = Phase.ENDED
        self.released += isinstance(outcome, Released)
        self._completer.submit(run, Finish(lease=run.lease, outcome=outcome))

    def _snooze_unknown(self, run: Execution) -> None:
        task = run.job.task
        if task not in self._warned:
            self._warned.add(task)
            known = ", ".join(sorted(self._known_tasks())) or "none"
            log.warning(
                "no task named %r is registered here; its jobs wait for a worker that knows it. Known: %s",
                task,
                known,
                extra=job_fields(run),
            )
        self._settle(run, Snoozed(delay=UNKNOWN_TASK_DELAY, reason=f"no worker knew task {task!r}"))

    def _tell(self, run: Execution, finish: Finish | None) -> None:
        """Log what went wrong, and tell the listeners. A job that succeeded is not logged."""
        name = "Lost" if finish is None else type(finish.outcome).__name__
        self.released += name == "Released"
        if finish is not None and isinstance(finish.outcome, Failed):
            error, retry_in = finish.outcome.error, finish.outcome.retry_in
            level, then = (
                (logging.WARNING, "it is dead") if retry_in is None else (logging.INFO, f"again in {retry_in}")
            )
            log.log(
                level,
                "job %s of task %s failed at attempt %d of %d: %s: %s; %s",
                run.job.id,
                run.job.task,
                run.job.attempt,
                run.job.max_attempts,
                error.type,
                error.message,
                then,
                extra=job_fields(run),
            )
        if self._telemetry.active:
            run_s = self._backend.clock.monotonic() - run.begun_at
            self._telemetry.emit("job.finished", **job_fields(run), outcome=name.lower(), run_s=run_s)
