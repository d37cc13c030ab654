"""Waiting until jobs have ended: told by the worker next door, by the store's signals, or found by looking.

All waiters of an event loop share one subscription and one reader. Whatever says that a job may have ended only puts
its id on the list of those to look at; the reader takes as many as fit into one call of the store, and wakes those
whose job has ended. So a waiter costs one look when it begins, one when its job ends, and one every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice

from headrace.engine.batching import Batcher
from headrace.engine.service import Service
from headrace.errors import JobNotFound, StorageError, UsageError
from headrace.model.ids import JobId
from headrace.model.job import Job
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, topic

POLL_FIRST_S = 1.0
POLL_LAST_S = 5.0
POLL_GROWTH = 1.5
"""Signals may be lost, so the reader looks at every job now and then, at long-awaited ones less often."""

POLL_TICK_S = 0.5
"""How often the waiters are gone through for those that are due for a look."""

SWEEP_REST_MIN_S = 0.05
SWEEP_REST_FACTOR = 4.0
"""A signal that merges many ends makes the reader look at everything. It then rests for four times as long as that
took: with 10,000 waiters and a busy worker it would otherwise do nothing else."""

UNNEEDED_SIGNALS_MAX = 100
"""The subscription ends after this many signals that nobody waited for: a worker's thousands of ends a second must not
cost an app that asked for one result an hour ago."""

_PREFIX = topic(DONE, "")
_EVERYTHING = topic(DONE, "*")


class _Waited:
    """A job that is waited for, by one or more, and when to look at it next."""

    __slots__ = ("due", "futures", "pause")

    def __init__(self, now: float) -> None:
        self.futures: set[asyncio.Future[Job]] = set()
        self.pause = POLL_FIRST_S
        self.due = now + POLL_FIRST_S

    def is_due(self, now: float) -> bool:
        if now < self.due:
            return False
        self.pause = min(self.pause * POLL_GROWTH, POLL_LAST_S)
        self.due = now + self.pause
        return True


class Settlement(Service):
    """The waiters of one event loop."""

    def __init__(self, backend: Backend) -> None:
        super().__init__("headrace settlement")
        self._backend = backend
        self._most = backend.capabilities.max_batch
        self._reads: Batcher[JobId, Job | None] = Batcher(backend.reader.get_many, limit=self._most)
        self._waited: dict[JobId, _Waited] = {}
        self._to_look_at: dict[JobId, None] = {}
        self._reading = False
        self._polling = False
        self._heard: asyncio.Event | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._sweep_rest = SWEEP_REST_MIN_S
        self._loop: asyncio.AbstractEventLoop | None = None

    def check_loop(self) -> None:
        """Raise UsageError on another event loop than that of ``start``, where a wait would hang without a word."""
        if asyncio.get_running_loop() is not self._loop:
            message = "the app is open on another event loop, and belongs to it. In a thread use app.sync"
            raise UsageError(message)

    async def read(self, job_id: JobId) -> Job:
        """The job as it is now. Raises JobNotFound."""
        job = await self._reads.submit(job_id)
        if job is None:
            raise _not_found(job_id)
        return job

    async def wait(self, job_id: JobId, timeout: float | None) -> Job:
        """The job once it has ended. Raises JobNotFound, and TimeoutError when that takes longer than ``timeout``.

        A look that fails raises its StorageError: whoever waits shall know, and can wait again.
        """
        if timeout is not None and timeout <= 0:
            return await self._ended_already(job_id, timeout)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Job] = loop.create_future()
        # Joined before the first look: an end between the look and the wait would otherwise be missed.
        self._waited.setdefault(job_id, _Waited(loop.time())).futures.add(future)
        try:
            async with asyncio.timeout(timeout):
                await self._listen()
                self.settled((job_id,))
                return await future
        except TimeoutError:
            raise _too_slow(job_id, timeout) from None
        finally:
            self._leave(job_id, future)

    def settled(self, job_ids: Iterable[JobId]) -> None:
        """Look at those of these jobs that someone waits for. Called on this event loop."""
        waited = self._waited
        if not waited:
            return
        self._to_look_at.update((job_id, None) for job_id in job_ids if job_id in waited)
        if self._to_look_at and not self._reading:
            self._reading = True
            self._spawn(self._look())

    async def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def _end(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._tell(list(self._waited), UsageError("the app was closed while it waited for this job; the job goes on"))

    async def _ended_already(self, job_id: JobId, timeout: float) -> Job:
        """Not to wait at all is to look once."""
        job = await self.read(job_id)
        if not job.state.final:
            raise _too_slow(job_id, timeout)
        return job

    def _leave(self, job_id: JobId, future: asyncio.Future[Job]) -> None:
        waited = self._waited[job_id]
        waited.futures.discard(future)
        if not waited.futures:
            del self._waited[job_id]

    async def _look(self) -> None:
        try:
            while self._to_look_at:
                ids = list(islice(self._to_look_at, self._most))
                for job_id in ids:
                    del self._to_look_at[job_id]
                await self._look_at(ids)
        finally:
            self._reading = False

    async def _look_at(self, ids: Iterable[JobId]) -> None:
        """One call of the store for at most a batch of ids, and news for whom it concerns."""
        wanted = [job_id for job_id in ids if job_id in self._waited]
        try:
            jobs = await self._backend.reader.get_many(wanted) if wanted else []
        except StorageError as error:
            self._tell(wanted, error)
            return
        for job_id, job in zip(wanted, jobs, strict=True):
            if job is None:
                self._tell([job_id], _not_found(job_id))
            elif job.state.final:
                self._tell([job_id], job)

    def _tell(self, ids: Iterable[JobId], answer: Job | Exception) -> None:
        for job_id in ids:
            waited = self._waited.get(job_id)
            for future in waited.futures if waited is not None else ():
                if future.done():
                    continue
                if isinstance(answer, Job):
                    future.set_result(answer)
                else:
                    future.set_exception(answer)

    async def _listen(self) -> None:
        if not self._polling:
            self._polling = True
            self._spawn(self._poll())
        if self._heard is None:
            self._heard = asyncio.Event()
            self._spawn(self._hear(self._heard))
        await self._heard.wait()

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waited:
                await asyncio.sleep(POLL_TICK_S)
                now = loop.time()
                self.settled([job_id for job_id, waited in self._waited.items() if waited.is_due(now)])
        finally:
            self._polling = False

    async def _hear(self, ready: asyncio.Event) -> None:
        unneeded = 0
        try:
            async with self._backend.signals.subscribe({DONE}) as topics:
                ready.set()
                async for heard in topics:
                    if heard == _EVERYTHING:
                        self._sweep_soon()
                    else:
                        self.settled((JobId(heard[len(_PREFIX) :]),))
                    unneeded = 0 if self._waited else unneeded + 1
                    if unneeded > UNNEEDED_SIGNALS_MAX:
                        return
        finally:
            # A subscription that failed must not hold the waiters up: they are looked at without it.
            ready.set()
            self._heard = None

    def _sweep_soon(self) -> None:
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._sweep_rest, self._begin_sweep)

    def _begin_sweep(self) -> None:
        self._spawn(self._look_at_all())

    async def _look_at_all(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            everything = list(self._waited)
            for start in range(0, len(everything), self._most):
                await self._look_at(everything[start : start + self._most])
        finally:
            self._sweep_rest = max(SWEEP_REST_MIN_S, SWEEP_REST_FACTOR * (loop.time() - begun))
            self._sweep = None


def _too_slow(job_id: JobId, timeout: float | None) -> TimeoutError:
    return TimeoutError(f"job {job_id} has not ended within {timeout} s; it goes on, and can be waited for again")


def _not_found(job_id: JobId) -> JobNotFound:
    message = f"the store holds no job {job_id}: it was never enqueued, or was deleted, or pruned"
    return JobNotFound(job_id, message)
