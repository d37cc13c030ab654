"""What runs: the one base class that owns tasks, loops, jitter and back-off, so that no duty has its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from headrace.engine.backoff import Backoff
from headrace.model.durations import ZERO

log = logging.getLogger("headrace")

JITTER = 0.1
"""A tenth less or more: workers that were started together do not ask the store together for ever."""

GOODBYE_S_MAX = 2.0
"""How long a stopping worker tries to tell the store what the store finds out by itself a little later."""


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Service:
    """Something that runs until it is stopped.

    ``start`` returns when the service is ready, ``stop`` when every task it owns has ended. Both may be called before
    the other, twice, and concurrently; they then take turns. A service can be started again.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._running = False
        self._turn = asyncio.Lock()

    @property
    def running(self) -> bool:
        """True between the end of ``start`` and the end of ``stop``."""
        return self._running

    async def start(self) -> None:
        """Begin. When beginning fails, everything begun is ended again and the error is raised."""
        async with self._turn:
            if self._running:
                return
            try:
                await self._begin()
            except BaseException:
                await self._cancel_tasks()
                raise
            self._running = True

    async def stop(self) -> None:
        """End, and wait until it has ended. A cancelled ``stop`` can be called again."""
        async with self._turn:
            if not self._running:
                return
            try:
                await self._end()
            finally:
                await self._cancel_tasks()
            self._running = False

    async def _begin(self) -> None:
        """What a service does to become ready; it hands its loops to ``_spawn``."""

    async def _end(self) -> None:
        """What a service does before its remaining tasks are cancelled."""

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        """Run ``work`` as a task that this service owns; an unexpected end is logged, never swallowed."""
        task = asyncio.get_running_loop().create_task(work, name=name or self.name)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)
        return task

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended by an error", self.name, exc_info=error)

    async def _cancel_tasks(self) -> None:
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(list(self._tasks))


class Periodic(Service):
    """A duty done in rounds: ``tick`` every ``interval``, sooner when it says so or when nudged, later after errors.

    With a ``gate``, rounds take place only while it answers True: duties of the leader pass the leader's. Nudges that
    come within ``calm`` after a round make one round at its end, however many they are; a round that asks for the next
    one at once gets it.
    """

    def __init__(
        self,
        name: str,
        interval: timedelta,
        *,
        gate: Callable[[], bool] | None = None,
        calm: timedelta = ZERO,
        noise: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(name)
        self.interval = interval
        self._gate = gate
        self._calm_s = calm.total_seconds()
        self._noise = noise
        self._nudged = asyncio.Event()
        self._backoff = Backoff(noise=noise)

    async def tick(self) -> timedelta | None:
        """One bounded round. Answers how soon to return, or None for the interval."""
        raise NotImplementedError

    def nudge(self) -> None:
        """Do the next round now. May be called at any time from the event loop's thread."""
        self._nudged.set()

    async def _begin(self) -> None:
        self._spawn(self._rounds())

    async def _rounds(self) -> None:
        while True:
            self._nudged.clear()
            rest = await self._round()
            if calm := min(rest, self._calm_s):
                await asyncio.sleep(calm)
            await wait_at_most(self._nudged, rest - calm)

    async def _round(self) -> float:
        """Seconds to rest after a round, whatever came of it."""
        if self._gate is not None and not self._gate():
            return self._spread(self.interval)
        try:
            soon = await self.tick()
        except Exception as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # A driver may raise an error of its own where it is cancelled. Taken for a failed round, that would
                # leave this service running for ever.
                raise asyncio.CancelledError from error
            if self._backoff.failures == 0:
                log.warning("%s failed, and will be tried again: %r", self.name, error)
            return self._backoff.failed()
        if self._backoff.succeeded():
            log.info("%s works again", self.name)
        return self._spread(self.interval) if soon is None else soon.total_seconds()

    def _spread(self, duration: timedelta) -> float:
        return duration.total_seconds() * (1 + JITTER * (2 * self._noise() - 1))


class Supervisor(Service):
    """Starts services in order and stops them in reverse. When one fails to start, those before it are stopped."""

    def __init__(self, name: str, services: Sequence[Service]) -> None:
        super().__init__(name)
        self._services = tuple(services)

    async def _begin(self) -> None:
        try:
            for service in self._services:
                await service.start()
        except BaseException:
            await self._end()
            raise

    async def _end(self) -> None:
        for service in reversed(self._services):
            await service.stop()
