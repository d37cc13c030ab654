"""Runs one claimed job and answers how it ended. Never raises, never stores."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from headrace.engine.around import Around
from headrace.engine.context import no_single_job, running_batch, running_here
from headrace.engine.execution import Execution, Interruption, Phase, is_abandoned
from headrace.engine.pools import Pools
from headrace.engine.runnable import ExecutorKind, Runnable
from headrace.engine.surroundings import Surroundings
from headrace.engine.threads import call_of
from headrace.engine.verdict import completed, failed, raised, undecodable
from headrace.model.control import Control
from headrace.model.job import AttemptOutcome
from headrace.model.outcome import Cancelled, Finish, Outcome, Released


class Executor:
    """Runs handlers where their tasks say: here on the loop, or in one of the pools."""

    def __init__(
        self, pools: Pools, *, around: Around | None = None, noise: Callable[[], float] = random.random
    ) -> None:
        self._pools = pools
        self._around = around or Around(Surroundings())
        self._noise = noise

    async def execute(self, run: Execution) -> Finish | None:
        """Run the job to its end. None: the lease is lost, so there is nothing that may be stored."""
        run.phase = Phase.RUNNING
        running_here.set(run)
        runnable = run.runnable
        assert runnable is not None
        outcome: Outcome | None
        try:
            if run.interruption is not None:
                outcome = self._interrupted(run, runnable, RuntimeError("interrupted before it began"))
            elif runnable.executor is ExecutorKind.PROCESS:
                outcome = await self._pools.processes.run(run)
            else:
                outcome = await self._run_here(run, runnable)
        except BaseException as error:
            if is_abandoned(error):
                raise
            # SystemExit, KeyboardInterrupt and GeneratorExit of a handler are that job's failure; the worker lives on.
            outcome = self._judge(run, runnable, error)
        run.end()
        if run.crowd is not None:
            run.crowd.withdraw(run)
        if outcome is None or run.interruption is Interruption.LOST:
            return None
        return Finish(lease=run.lease, outcome=outcome, usage=run.usage)

    async def _run_here(self, run: Execution, runnable: Runnable) -> Outcome:
        try:
            args, kwargs = runnable.decode(run.job)
        except Exception as error:
            return undecodable(error, run.job, runnable.retry, self._noise)
        if run.crowd is not None:
            return completed(
                runnable, await self._around.wrap(lambda: run.context, partial(run.crowd.join, run, *args))
            )
        if runnable.needs or self._around.wraps:
            return completed(runnable, await self._run_surrounded(run, runnable, args, kwargs))
        if runnable.executor is ExecutorKind.THREAD:
            return completed(runnable, await self._pools.threads.run(run, call_of(runnable, args, kwargs)))
        if run.job.timeout is not None:
            run.arm()
        value = runnable.function(*args, **kwargs)
        return completed(runnable, await value if runnable.is_async else value)

    async def _run_surrounded(
        self, run: Execution, runnable: Runnable, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if runnable.executor is ExecutorKind.LOOP:
            run.arm()
        threads = partial(self._pools.threads.run, run)
        return await self._around.run(runnable, lambda: run.context, args, kwargs, threads)

    async def call_batch(self, runnable: Runnable, runs: Sequence[Execution], items: list[Any]) -> Any:
        """Call a batch handler with the items of these jobs. The timeout of each counts from now."""
        running_batch.set(runs)

        def arm() -> None:
            for run in runs:
                run.arm()

        threads = partial(self._pools.threads.run, runs[0], before=arm)
        if runnable.executor is ExecutorKind.LOOP:
            arm()
        if runnable.needs:
            return await self._around.call(runnable, no_single_job, (items,), {}, threads)
        if runnable.executor is ExecutorKind.THREAD:
            return await threads(call_of(runnable, (items,), {}))
        return await runnable.function(items)

    def _judge(self, run: Execution, runnable: Runnable, error: BaseException) -> Outcome | None:
        # A handler that answers its interruption with Retry or Snooze has decided; anything else it raises then,
        # such as a driver's own error for a cancelled call, is a consequence of the interruption.
        if run.interruption is None or isinstance(error, Control):
            return raised(error, run.job, runnable.retry, self._noise)
        return self._interrupted(run, runnable, error)

    def _interrupted(self, run: Execution, runnable: Runnable, error: BaseException) -> Outcome | None:
        match run.interruption:
            case Interruption.CANCEL:
                return Cancelled(reason=run.reason)
            case Interruption.TIMEOUT:
                late = TimeoutError(f"the job ran longer than its timeout of {run.job.timeout}")
                late.__traceback__ = error.__traceback__
                return failed(late, run.job, runnable.retry, self._noise, AttemptOutcome.TIMED_OUT)
            case Interruption.LOST:
                return None
            case _:
                return Released()
