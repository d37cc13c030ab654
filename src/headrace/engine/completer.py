"""Stores how jobs ended: all that ended within a turn of the loop together, one batch in flight, none ever dropped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from headrace.engine.backoff import Backoff
from headrace.engine.chronicle import Chronicle
from headrace.engine.execution import Execution
from headrace.engine.service import Service
from headrace.errors import StorageError, TooLarge
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Finish
from headrace.storage.backend import MAX_BATCH_DEFAULT
from headrace.storage.jobs import JobStore, Settled
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

BACKLOG_MAX = 10_000
"""Finishes waiting for the store; above it nothing is claimed. Reached only when the store is far slower than the jobs;
results of a kilobyte then hold ten megabytes."""

FLUSH_S_MAX = 60.0
"""A store that does not answer a flush for a minute is asked again; a repeated finish is answered STALE and harms
nothing."""

DRAIN_S_MAX = 10.0
"""How long a stopping worker tries to store its last finishes. What is not stored by then is rescued and run again."""

_ENDS = frozenset({Completed, Cancelled, Discarded})


class Completer(Service):
    """Takes finishes and settles them. On an error of the store they are kept and tried again."""

    def __init__(
        self,
        jobs: JobStore,
        held: dict[JobId, Execution],
        *,
        telemetry: Telemetry,
        chronicle: Chronicle,
        limit: int = MAX_BATCH_DEFAULT,
        on_settled: Callable[[Sequence[JobId]], None] | None = None,
    ) -> None:
        super().__init__("completer")
        self._jobs = jobs
        self._held = held
        self._telemetry = telemetry
        self._chronicle = chronicle
        self._limit = limit
        self._on_settled = on_settled
        self._runs: list[Execution] = []
        self._finishes: list[Finish] = []
        self._in_flight = 0
        self._waiter: asyncio.Future[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()
        self._backoff = Backoff()

    @property
    def backlog(self) -> int:
        """How many finishes are not yet stored."""
        return len(self._finishes) + self._in_flight

    @property
    def full(self) -> bool:
        """True when nothing more should be claimed."""
        return len(self._finishes) >= BACKLOG_MAX

    def submit(self, run: Execution, finish: Finish) -> None:
        """Hand in a finish. It leaves with all others of this turn of the loop, or after the batch in flight."""
        self._runs.append(run)
        self._finishes.append(finish)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def drained(self) -> None:
        """Wait until everything that was handed in is stored."""
        while self.backlog:
            self._drained.clear()
            await self._drained.wait()

    async def _begin(self) -> None:
        self._spawn(self._flush_all())

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_S_MAX):
                await self.drained()
        except TimeoutError:
            log.error("%d finished jobs could not be stored and will run again", self.backlog)

    async def _flush_all(self) -> None:
        try:
            while True:
                if not self._finishes:
                    self._drained.set()
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
                await self._flush_some()
        finally:
            self._waiter = None

    async def _flush_some(self) -> None:
        runs, finishes = self._runs[: self._limit], self._finishes[: self._limit]
        self._runs, self._finishes = self._runs[self._limit :], self._finishes[self._limit :]
        self._in_flight = len(finishes)
        try:
            await self._settle(runs, finishes)
        finally:
            self._in_flight = 0

    async def _settle(self, runs: list[Execution], finishes: list[Finish]) -> None:
        while True:
            try:
                async with asyncio.timeout(FLUSH_S_MAX):
                    with self._telemetry.span("store.call", operation="finish_many"):
                        replies = await self._jobs.finish_many(finishes)
            except TooLarge as error:
                if len(finishes) > 1:
                    for run, finish in zip(runs, finishes, strict=True):
                        await self._settle([run], [finish])
                    return
                finishes = [_refused(finishes[0], error)]
            except Exception as error:
                await self._wait_after(error, len(finishes))
            else:
                if self._backoff.succeeded():
                    log.info("finished jobs are stored again")
                self._settled(runs, finishes, replies)
                return

    async def _wait_after(self, error: Exception, count: int) -> None:
        if self._backoff.failures == 0:
            log.warning("%d finished jobs cannot be stored yet, and will be tried again: %r", count, error)
            if not isinstance(error, StorageError | TimeoutError):
                log.error("a store raised what is not a StorageError", exc_info=error)
        if self._telemetry.active:
            self._telemetry.emit("store.error", operation="finish_many", error=error)
        await asyncio.sleep(self._backoff.failed())

    def _settled(self, runs: list[Execution], finishes: list[Finish], replies: list[Settled]) -> None:
        held = self._held
        done: list[JobId] = []
        for run, finish, reply in zip(runs, finishes, replies, strict=True):
            job_id = run.job.id
            if held.get(job_id) is run:
                del held[job_id]
            if reply is not Settled.APPLIED and not run.completed_by_handler:
                self._chronicle.stale(run)
                continue
            outcome = finish.outcome
            kind = type(outcome)
            if kind in _ENDS or (kind is Failed and outcome.retry_in is None):  # type: ignore[union-attr]
                done.append(job_id)
        if done and self._on_settled is not None:
            self._on_settled(done)


def _refused(finish: Finish, error: TooLarge) -> Finish:
    """What is stored instead of an outcome that is too large. Another run would only make the same result again."""
    info = ErrorInfo(type="TooLarge", message=str(error))
    return Finish(lease=finish.lease, outcome=Failed(error=info), usage=finish.usage)
