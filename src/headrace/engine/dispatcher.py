"""Starts claimed jobs, keeps the slots filled from what was claimed ahead, and hands in how each ended."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from datetime import timedelta

from headrace.engine.chronicle import Chronicle, presentable
from headrace.engine.completer import Completer
from headrace.engine.crowd import Crowd
from headrace.engine.execution import Execution, Interruption, Phase
from headrace.engine.executor import Executor
from headrace.engine.reporter import Reporter
from headrace.engine.runnable import Registry, Runnable
from headrace.engine.shares import PREFETCH_HORIZON_S, Share
from headrace.model.ids import JobId
from headrace.model.lease import Claim
from headrace.model.outcome import Cancelled, Completed, Finish, Outcome, Released, Snoozed
from headrace.storage.clock import Clock
from headrace.telemetry import Ended, Telemetry, Tracer

NOT_KNOWN_DELAY = timedelta(seconds=30)
"""Another build of the program may know the task, or its version: a rolling deploy brings it within half a minute."""

HELD_S_MAX = 2 * PREFETCH_HORIZON_S
"""What was to start within the horizon, by the pace of the jobs before it, is given back when that is over twice."""


class Dispatcher:
    """The jobs this worker holds, in their shares. ``on_hungry`` is called when a share could take more.

    Everything here runs on the event loop, in a few microseconds a job: see ``benchmarks/RESULTS.md``.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        *,
        executor: Executor,
        completer: Completer,
        reporter: Reporter,
        held: dict[JobId, Execution],
        telemetry: Telemetry,
        chronicle: Chronicle,
        on_hungry: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._executor = executor
        self._execute = executor.execute
        self._completer = completer
        self._reporter = reporter
        self._held = held
        self._telemetry = telemetry
        self._chronicle = chronicle
        self._on_hungry = on_hungry
        self._quiet = asyncio.Event()
        self._draining = False
        self.released = 0
        self.shares: dict[str, Share] = {}

    @property
    def active(self) -> int:
        """How many jobs have a slot."""
        return sum(share.running for share in self.shares.values())

    @property
    def waiting(self) -> int:
        """How many jobs are claimed ahead."""
        return sum(len(share.waiting) for share in self.shares.values())

    async def quiet(self) -> None:
        """Wait until no job has a slot."""
        while self.active:
            self._quiet.clear()
            await self._quiet.wait()

    def begin(self, shares: dict[str, Share]) -> None:
        """Start afresh, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._draining = False
        self.shares = shares

    def drain(self) -> None:
        """Start nothing more. What is claimed from now on goes to the waiting, and back by ``give_back``."""
        self._draining = True
        self.close_batches()

    def close_batches(self) -> None:
        """Let batches begin with what they have gathered."""
        for share in self.shares.values():
            for crowd in list(share.crowds.values()):
                crowd.close()

    def give_back(self) -> None:
        """Release what has not started; no attempt is lost."""
        for share in self.shares.values():
            while share.waiting:
                self._settle(share.waiting.pop(), Released())

    def give_back_late(self) -> None:
        """Release what was claimed ahead and has not started in good time: other workers may have slots free."""
        late = self._clock.monotonic() - HELD_S_MAX
        for share in self.shares.values():
            if share.waiting and share.waiting[0].claimed_at < late:
                share.ahead = 0
                while share.waiting:
                    self._settle(share.waiting.pop(), Released())

    def interrupt_all(self, why: Interruption, reason: str) -> None:
        """Tell every running handler to stop."""
        for run in list(self._held.values()):
            run.interrupt(why, reason)

    def complain_about_stuck(self) -> None:
        """Say which handlers ignored their cancellation; their leases will run out."""
        for run in self._held.values():
            if run.phase is Phase.RUNNING:
                self._chronicle.stuck(run)

    def cancel(self, run: Execution, reason: str) -> None:
        """Someone asked for the job to be cancelled."""
        if run.phase is Phase.WAITING:
            run.share.waiting.remove(run)
            self._settle(run, Cancelled(reason=reason))
        else:
            run.interrupt(Interruption.CANCEL, reason)

    def lose(self, run: Execution) -> None:
        """The job's lease is lost: another worker may have it by now."""
        if run.phase is Phase.ENDED:
            return
        self._chronicle.lost(run, "lost")
        if run.phase is Phase.WAITING:
            run.share.waiting.remove(run)
            self._forget(run)
        else:
            run.interrupt(Interruption.LOST, "its lease is lost")

    def give_up(self, run: Execution) -> None:
        """The store could not be reached for the whole of the job's lease: stop, and give the job back.

        If nobody else has it, it then runs again as soon as the store answers: a store that sees this process alive
        would wait long for a heartbeat that never comes. If somebody has it, the end here is stale and changes nothing.
        """
        if run.phase is Phase.ENDED or run.interruption is Interruption.UNHEARD:
            return
        self._chronicle.lost(run, "over and the store does not answer")
        if run.phase is Phase.WAITING:
            run.share.waiting.remove(run)
            self._settle(run, Released())
        else:
            run.interrupt(Interruption.UNHEARD, "the store cannot be reached, and its lease is over")

    def accept(self, claim: Claim, asked_at: float) -> None:
        """Take a claimed job in: start it, or keep it for the next free slot. ``asked_at``: when it was asked for."""
        job = claim.job
        share = self.shares[job.queue]
        runnable = self._registry(job.task)
        run = Execution(claim, runnable, share, self._reporter, asked_at)
        self._held[job.id] = run
        if runnable is None or job.task_version > runnable.version:
            self._put_off(run)
        elif runnable.batch is not None:
            self._gather(run, runnable)
        elif share.running < share.slots and not self._draining:
            share.running += 1
            self._start(run)
        else:
            share.waiting.append(run)

    def _gather(self, run: Execution, runnable: Runnable) -> None:
        """Add a job to the batch of its task that is being gathered, or begin one where a slot is free."""
        share = run.share
        crowd = share.crowds.get(runnable.name)
        if crowd is None:
            if share.running >= share.slots or self._draining:
                share.waiting.append(run)
                return
            share.running += 1
            crowd = Crowd(
                runnable,
                self._executor.call_batch,
                self._context.copy(),
                on_begin=lambda begun: self._take_no_more(share, begun),
                on_end=lambda _: self._free_slot(share),
            )
            share.crowds[runnable.name] = crowd
        crowd.admit(run)
        self._start(run)

    def _take_no_more(self, share: Share, crowd: Crowd) -> None:
        if share.crowds.get(crowd.runnable.name) is crowd:
            del share.crowds[crowd.runnable.name]

    def _free_slot(self, share: Share) -> None:
        """A slot is free: start what waits for one, and with the first of a batch all that fit into it."""
        if not share.waiting or self._draining:
            share.running -= 1
            if not share.running:
                self._quiet.set()
            return
        run = share.waiting.popleft()
        runnable = run.runnable
        assert runnable is not None
        if runnable.batch is None:
            self._start(run)
            return
        share.running -= 1
        self._gather(run, runnable)
        for other in [each for each in share.waiting if each.job.task == runnable.name]:
            if runnable.name not in share.crowds:
                break
            share.waiting.remove(other)
            self._gather(other, runnable)

    def _start(self, run: Execution) -> None:
        run.phase = Phase.STARTED
        # A fresh context each: what one handler sets in its context variables is not seen by the next. The class is
        # called directly, because ``loop.create_task`` costs as much again as the task itself.
        tracer = self._telemetry.tracer
        work = self._run(run) if tracer is None else self._run_traced(run, tracer)
        run.task = asyncio.Task(work, loop=self._loop, context=self._context.copy())
        self._chronicle.started(run)

    async def _run_traced(self, run: Execution, tracer: Tracer) -> None:
        with tracer.attempt(run.job) as tell:
            await self._run(run, tell)

    async def _run(self, run: Execution, tell: Ended | None = None) -> None:
        finish = await self._execute(run)
        if run.told:
            await self._reporter.settle(run)
        share = run.share
        share.ended()
        if finish is None:
            self._forget(run)
        else:
            self._completer.submit(run, finish)
        if run.crowd is None:
            self._free_slot(share)
        if share.hungry():
            self._on_hungry()
        if self._telemetry.active or finish is None or type(finish.outcome) is not Completed:
            self.released += finish is not None and type(finish.outcome) is Released
            self._chronicle.ended(run, finish)
        if tell is not None:
            tell(presentable(run, finish))
        run.let_go()

    def _forget(self, run: Execution) -> None:
        run.phase = Phase.ENDED
        if self._held.get(run.job.id) is run:
            del self._held[run.job.id]

    def _settle(self, run: Execution, outcome: Outcome) -> None:
        """End a run that has no slot."""
        run.phase = Phase.ENDED
        self.released += isinstance(outcome, Released)
        self._completer.submit(run, Finish(lease=run.lease, outcome=outcome))

    def _put_off(self, run: Execution) -> None:
        """Give back a job that another build of the program knows how to run, for a while and without an attempt."""
        self._chronicle.not_known(run)
        reason = f"no worker knew version {run.job.task_version} of task {run.job.task!r}"
        self._settle(run, Snoozed(delay=NOT_KNOWN_DELAY, reason=reason))
