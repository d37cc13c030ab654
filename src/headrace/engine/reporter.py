"""Writes what handlers tell through their context: progress and log lines, in batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Any

from headrace.engine.batching import Batcher
from headrace.engine.context import job_fields
from headrace.engine.execution import Execution
from headrace.engine.service import Service
from headrace.errors import LeaseLost, Unsupported
from headrace.model.outcome import Completed, Finish
from headrace.storage.backend import MAX_BATCH_DEFAULT
from headrace.storage.clock import Clock
from headrace.storage.jobs import JobStore, Report, Settled, transactional

log = logging.getLogger("headrace")

REPORT_EVERY_S = 1.0
"""Nobody watches a bar more closely than this, and a handler may report in a tight loop."""


class Reporter(Service):
    """Gathers the contexts that have something to report, and the time for them: the host of executions."""

    def __init__(self, jobs: JobStore, clock: Clock, *, limit: int = MAX_BATCH_DEFAULT) -> None:
        super().__init__("reporter")
        self._clock = clock
        self._jobs = jobs
        self._batcher: Batcher[Report, Settled] = Batcher(jobs.report_many, limit=limit)
        self._dirty: dict[Execution, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> datetime:
        """The instant, by the store's clock."""
        return self._clock.now()

    def mark(self, run: Execution) -> None:
        """``run`` has something to report. May be called from any thread."""
        first = not self._dirty
        self._dirty[run] = None
        if first and self._loop is not None:
            # A handler in an abandoned thread may outlive the loop; what it tells then goes nowhere.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._arm)

    async def complete(self, run: Execution, connection: object, result: Any) -> None:
        """Finish ``run`` within the handler's transaction, on its thread. Waits for nothing but the connection."""
        store = transactional(self._jobs)
        if store is None:
            raise Unsupported("this store cannot finish a job within your transaction; sqlite and postgresql can")
        assert run.runnable is not None
        encoded, codec = run.runnable.encode_result(result)
        finish = Finish(lease=run.lease, outcome=Completed(result=encoded, codec=codec), usage=run.measure())
        [settled] = await store.within(connection).finish_many([finish])
        if settled is not Settled.APPLIED:
            raise LeaseLost(f"job {run.job.id} was given to another worker: roll back, nothing of this may remain")

    async def settle(self, run: Execution) -> None:
        """Write what ``run`` has told, now. A store that fails loses it: the end of the job must not wait for it."""
        self._dirty.pop(run, None)
        progress, lines = run.context.take()
        if progress is None and not lines:
            return
        try:
            await self._batcher.submit(Report(lease=run.lease, progress=progress, logs=lines))
        except Exception as error:
            log.warning("what job %s reported could not be stored: %r", run.job.id, error, extra=job_fields(run.job))

    async def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def _end(self) -> None:
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._dirty.clear()
        await self._batcher.close()

    def _arm(self) -> None:
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(REPORT_EVERY_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        runs = list(self._dirty)
        self._dirty.clear()
        for run in runs:
            self._spawn(self.settle(run))
