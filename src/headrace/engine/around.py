"""Surroundings that are alive: handlers run in them, in a worker or a child process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from headrace.engine.context import JobContext
from headrace.engine.middleware import Middleware, RunNext, around_runs, run_chain
from headrace.engine.providers import Plan
from headrace.engine.resources import Resources, filled, in_thread
from headrace.engine.runnable import ExecutorKind, Runnable
from headrace.engine.service import Service
from headrace.engine.surroundings import Surroundings

log = logging.getLogger("headrace")

CLOSE_S_MAX = 30.0
"""How long providers may take to end what they made, all together, while a worker stops."""

Threads = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a call in a thread, in the context variables of its caller."""


class Around(Service):
    """Surroundings that are alive, in a worker or a child process.

    ``start`` makes what the ``tasks`` need that lives as long as the worker, and raises what is wrong with any of
    ``known``; ``stop`` ends it.
    """

    def __init__(
        self,
        declared: Surroundings,
        *,
        tasks: Callable[[], Iterable[Runnable]] = tuple,
        known: Callable[[], Iterable[Runnable]] = tuple,
    ) -> None:
        super().__init__("resources")
        self._declared = declared
        self._needed = tasks
        self._known = known
        self._plans: dict[str, tuple[int, Plan]] = {}
        self._resources = Resources(declared.providers)
        self.wraps: tuple[Middleware, ...] = ()
        """The middleware around runs."""

    async def run(
        self,
        runnable: Runnable,
        context: Callable[[], JobContext],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        threads: Threads,
    ) -> Any:
        """Run a handler within its surroundings, and answer what it returned; on the loop, or in a thread for a def."""
        return await self.wrap(context, partial(self.call, runnable, context, args, kwargs, threads))

    async def wrap(self, context: Callable[[], JobContext], handler: RunNext) -> Any:
        """Run ``handler`` within the middleware."""
        return await (run_chain(self.wraps, context(), handler)() if self.wraps else handler())

    async def call(
        self,
        runnable: Runnable,
        context: Callable[[], JobContext],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        threads: Threads,
    ) -> Any:
        """Call a handler with what it is given."""
        function = runnable.function
        plan = self._plan_of(runnable)
        async with self._resources.of_attempt(plan, context) as values:
            if not _threaded(runnable):
                return await function(*args, **kwargs, **filled(plan, values))

            def call() -> Any:
                with in_thread(plan, values) as more:
                    value = function(*args, **kwargs, **more)
                    return asyncio.run(value) if runnable.is_async else value

            return await threads(call)

    def _plan_of(self, task: Runnable) -> Plan:
        changes, plan = self._plans.get(task.name, (-1, None))
        if plan is None or changes != self._declared.providers.changes:
            changes = self._declared.providers.changes
            plan = self._declared.providers.plan(task.name, task.needs, threaded=_threaded(task))
            self._plans[task.name] = (changes, plan)
        return plan

    async def _begin(self) -> None:
        self.wraps = around_runs(self._declared.middleware)
        for task in self._known():
            self._plan_of(task)
        try:
            for task in self._needed():
                if task.executor is not ExecutorKind.PROCESS:
                    await self._resources.open(self._plan_of(task).kept)
        except BaseException:
            await self._end()
            raise

    async def _end(self) -> None:
        """End what was made. A provider that cannot must not keep the worker: its jobs are done and stored."""
        try:
            async with asyncio.timeout(CLOSE_S_MAX):
                errors = await self._resources.close()
        except TimeoutError:
            log.error("what was provided to handlers could not be ended within %s s", CLOSE_S_MAX)
            return
        for error in errors:
            log.error("what was provided to handlers could not be ended: %r", error, exc_info=error)


def _threaded(runnable: Runnable) -> bool:
    """Whether the handler runs in a thread: where there is an event loop around it, in a child too, a def does."""
    return runnable.executor is ExecutorKind.THREAD or not runnable.is_async
