"""Waiting until jobs have ended: told by the worker next door, by the store's signals, or found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from headrace.engine.batching import Batcher
from headrace.engine.service import Service
from headrace.errors import JobNotFound
from headrace.model.ids import JobId
from headrace.model.job import Job
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, topic

POLL_FIRST_S = 1.0
POLL_LAST_S = 5.0
POLL_GROWTH = 1.5
"""Signals may be lost, so every waiter looks by itself now and then. Looks of many waiters are merged into one call."""

UNNEEDED_SIGNALS_MAX = 100
"""The subscription ends after this many signals that nobody waited for: a worker's thousands of ends a second must not
cost an app that asked for one result an hour ago."""

_PREFIX = topic(DONE, "")
_EVERYTHING = topic(DONE, "*")


class Settlement(Service):
    """The waiters of one event loop, and the one subscription they share while there is any of them."""

    def __init__(self, backend: Backend) -> None:
        super().__init__("headrace settlement")
        self._backend = backend
        self._waiters: dict[JobId, set[asyncio.Event]] = {}
        self._reads: Batcher[JobId, Job | None] = Batcher(backend.reader.get_many, limit=backend.capabilities.max_batch)
        self._heard: asyncio.Event | None = None

    async def read(self, job_id: JobId) -> Job:
        """The job as it is now. Raises JobNotFound."""
        job = await self._reads.submit(job_id)
        if job is None:
            message = f"the store holds no job {job_id}: it was never enqueued, or was deleted, or pruned"
            raise JobNotFound(job_id, message)
        return job

    async def wait(self, job_id: JobId, timeout: float | None) -> Job:
        """The job once it has ended. Raises JobNotFound, and TimeoutError when that takes longer than ``timeout``."""
        try:
            async with asyncio.timeout(timeout):
                return await self._wait(job_id)
        except TimeoutError:
            message = f"job {job_id} has not ended within {timeout} s; it goes on, and can be waited for again"
            raise TimeoutError(message) from None

    def settled(self, job_ids: Iterable[JobId]) -> None:
        """Wake whoever waits for these jobs. Called on this event loop."""
        waiters = self._waiters
        if waiters:
            for job_id in job_ids:
                for event in waiters.get(job_id, ()):
                    event.set()

    async def _wait(self, job_id: JobId) -> Job:
        event = asyncio.Event()
        # Joined before the first look: an end between the look and the wait would otherwise be missed.
        self._waiters.setdefault(job_id, set()).add(event)
        try:
            await self._listen()
            pause = POLL_FIRST_S
            while not (job := await self.read(job_id)).state.final:
                await _wait_briefly(event, pause)
                event.clear()
                pause = min(pause * POLL_GROWTH, POLL_LAST_S)
            return job
        finally:
            self._leave(job_id, event)

    def _leave(self, job_id: JobId, event: asyncio.Event) -> None:
        waiting = self._waiters[job_id]
        waiting.discard(event)
        if not waiting:
            del self._waiters[job_id]

    async def _listen(self) -> None:
        if self._heard is None:
            self._heard = asyncio.Event()
            self._spawn(self._hear(self._heard))
        await self._heard.wait()

    async def _hear(self, ready: asyncio.Event) -> None:
        unneeded = 0
        try:
            async with self._backend.signals.subscribe({DONE}) as topics:
                ready.set()
                async for heard in topics:
                    unneeded = 0 if self._waiters else unneeded + 1
                    if unneeded > UNNEEDED_SIGNALS_MAX:
                        return
                    self.settled(list(self._waiters) if heard == _EVERYTHING else (JobId(heard[len(_PREFIX) :]),))
        finally:
            # A subscription that failed must not hold the waiters up: they look by themselves.
            ready.set()
            self._heard = None


async def _wait_briefly(event: asyncio.Event, seconds: float) -> None:
    timer = asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
