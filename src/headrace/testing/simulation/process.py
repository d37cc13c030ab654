"""A simulated process: a worker that can be stopped, cut off from the store for a while, or killed."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

from headrace.config import WorkerConfig
from headrace.engine.runnable import Registry
from headrace.engine.worker import Worker
from headrace.storage.backend import Backend
from headrace.telemetry import Telemetry
from headrace.testing.faults import Fault, FaultyBackend, RandomFaults, refused
from headrace.testing.simulation.loop import OWNER, VirtualLoop

_KILL_ROUNDS_MAX = 20
"""A service that is being stopped catches one cancellation; none needs more than a few to end."""


class Link:
    """The plan of one process's backend: random faults, and nothing at all while it is cut off."""

    def __init__(self, faults: RandomFaults, now: Callable[[], float]) -> None:
        self.faults = faults
        self.dead = False
        self.cut_until = 0.0
        self._now = now

    def fault(self, verb: str) -> Fault | None:
        """Refusals while cut off or dead, otherwise what chance says."""
        if self.dead or self._now() < self.cut_until:
            return refused("injected: this process is cut off from the store")
        return self.faults.fault(verb)

    def copies(self, topic: str) -> int:
        """Nothing is heard while cut off."""
        return 0 if self.dead or self._now() < self.cut_until else self.faults.copies(topic)


class Process:
    """One life of one worker. ``name`` is that of its place and how often it was started there, such as ``w1.3``."""

    def __init__(self, name: str, backend: Backend, link: Link, registry: Registry, config: WorkerConfig) -> None:
        self.name = name
        self.link = link
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._context.run(OWNER.set, name)
        self.worker = Worker(
            FaultyBackend(backend, link),
            registry,
            config,
            Telemetry(),
            known_tasks=list,
            heartbeat_thread=False,
            watchdog=False,
        )

    async def start(self) -> None:
        """Start the worker, with every task it makes owned by this process."""
        await self._run(self.worker.start())

    async def stop(self) -> None:
        """Stop the worker as a rolling deploy does."""
        self.ended = True
        await self._run(self.worker.stop())

    async def kill(self) -> None:
        """End every task at once; from now on nothing this process does reaches the store."""
        self.ended = self.link.dead = True
        assert isinstance(self._loop, VirtualLoop)
        for _ in range(_KILL_ROUNDS_MAX):
            tasks = [*self._loop.tasks_of(self.name), *self._handlers()]
            if not tasks:
                return
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=0)
        raise RuntimeError(f"process {self.name} cannot be killed: {self._loop.tasks_of(self.name)}")

    def _handlers(self) -> list[asyncio.Task[None]]:
        """The tasks of running jobs. The engine makes them without the loop's task factory, to spare its cost."""
        held = self.worker._held.values()  # noqa: SLF001 (a killed process asks nobody)
        return [run.task for run in held if run.task is not None and not run.task.done()]

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        # Made inside the process's context, so that the task factory sees whose task it is.
        task = self._context.run(lambda: self._loop.create_task(work, name=self.name))
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
