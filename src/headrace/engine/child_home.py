"""The event loop and the surroundings of a child process: made when a task first needs them, ended with the child."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from headrace.engine.around import Around
from headrace.engine.context import JobContext
from headrace.engine.runnable import Runnable
from headrace.engine.surroundings import Surroundings
from headrace.engine.threads import call_of


class ChildHome:
    """Runs handlers one after the other. The values of a worker live here as long as the child process does."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._alive: dict[int, tuple[Surroundings, Around]] = {}

    def run(
        self, task: Runnable, context: Callable[[], JobContext], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run a handler, on this thread unless it has surroundings; answer what it returned."""
        declared = task.surroundings
        if declared is None or not (task.needs or declared.middleware):
            return call_of(task, args, kwargs)()
        # What lives as long as the child belongs to one event loop, so there is one for all jobs.
        work = self._run_surrounded(declared, task, context, args, kwargs)
        return self._runner.run(work, context=contextvars.copy_context())

    def close(self) -> None:
        """End what was made, last made first."""
        for _, around in self._alive.values():
            self._runner.run(around.stop())
        self._alive.clear()
        self._runner.close()

    async def _run_surrounded(
        self,
        declared: Surroundings,
        task: Runnable,
        context: Callable[[], JobContext],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if id(declared) not in self._alive:
            self._alive[id(declared)] = (declared, Around(declared))
        around = self._alive[id(declared)][1]
        await around.start()
        return await around.run(task, context, args, kwargs, asyncio.to_thread)
