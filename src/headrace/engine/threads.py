"""Threads that run ``def`` handlers. A thread cannot be stopped, so one that must stop is abandoned and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from headrace.engine.context import job_fields
from headrace.engine.execution import Execution
from headrace.engine.runnable import Runnable
from headrace.model.usage import UNKNOWN, Usage

log = logging.getLogger("headrace")

_JOIN_S_MAX = 1.0
"""An idle thread ends at once when told; this only bounds the wait for a machine that is stuck."""

Call = Callable[[], Any]
Reply = tuple[Any, BaseException | None]


class _Thread:
    """One thread and its mailbox. All its bookkeeping is done on the event loop."""

    def __init__(self, name: str) -> None:
        self._mail: SimpleQueue[tuple[Call, asyncio.Future[Reply]] | None] = SimpleQueue()
        # A daemon, because an abandoned thread must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def call(self, call: Call) -> asyncio.Future[Reply]:
        """Run ``call`` in the thread; the future is resolved with what it returned or raised."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._mail.put((call, future))
        return future

    def end(self) -> None:
        """End after the current call."""
        self._mail.put(None)

    def join(self) -> None:
        self._thread.join(_JOIN_S_MAX)

    def _work(self) -> None:
        while (letter := self._mail.get()) is not None:
            call, future = letter
            reply: Reply
            try:
                reply = (call(), None)
            except BaseException as error:
                reply = (None, error)
            # A thread abandoned by a worker that is gone finds its loop closed; nobody waits for the reply then.
            with contextlib.suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_deliver, future, reply)
            del letter, call, future, reply


def _deliver(future: asyncio.Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


class ThreadPool:
    """Up to ``size`` calls at once, in threads that are made when first needed and kept."""

    def __init__(self, size: int, name: str = "headrace-job") -> None:
        self._name = name
        self._slots = asyncio.Semaphore(size)
        self._idle: list[_Thread] = []
        self._made = 0
        self.abandoned = 0

    async def run(self, run: Execution, call: Call, *, before: Callable[[], None] | None = None) -> Any:
        """Run a handler in a thread, within the context variables of its job. ``before`` is called when it begins."""
        context = contextvars.copy_context()

        def measured() -> Any:
            if run.crowd is not None:
                return context.run(call)  # Of a batch nobody knows which job it was for.
            begun_s, thread = time.thread_time(), threading.get_ident()

            def measure() -> Usage:
                mine = threading.get_ident() == thread
                return Usage(cpu_s=time.thread_time() - begun_s) if mine else UNKNOWN

            run.measure = measure
            try:
                return context.run(call)
            finally:
                run.usage = measure()

        def abandon() -> None:
            self.abandoned += 1
            log.warning(
                "job %s of task %s cannot be stopped in its thread; the thread is abandoned and replaced (%d so far). "
                "Let the handler look at current_job().cancel_requested, or use executor='process'",
                run.job.id,
                run.job.task,
                self.abandoned,
                extra=job_fields(run.job),
            )

        return await self.call(measured, before=before or run.arm, on_cancel=abandon)

    async def call(
        self,
        call: Call,
        *,
        before: Callable[[], None] | None = None,
        on_cancel: Callable[[], None],
        wait: bool = False,
    ) -> Any:
        """Run ``call`` in a thread. When cancelled, ``on_cancel`` is called, and then, with ``wait``, the end awaited.

        Without ``wait`` the thread is left alone, out of the pool, and ends after the call.
        """
        async with self._slots:
            if before is not None:
                before()
            thread = self._idle.pop() if self._idle else self._make()
            future = thread.call(call)
            try:
                value, error = await asyncio.shield(future) if wait else await future
            except asyncio.CancelledError:
                on_cancel()
                if wait:
                    while not future.done():
                        # Cancelled again, as at a shutdown: the end is near, and the thread must not be lost.
                        with contextlib.suppress(asyncio.CancelledError):
                            await asyncio.wait([future])
                    self._idle.append(thread)
                else:
                    thread.end()
                raise
            self._idle.append(thread)
            if error is not None:
                raise error
            return value

    def close(self) -> None:
        """End the idle threads. Abandoned ones end when their handlers return."""
        threads, self._idle = self._idle, []
        for thread in threads:
            thread.end()
        for thread in threads:
            thread.join()

    def _make(self) -> _Thread:
        self._made += 1
        return _Thread(f"{self._name}-{self._made}")


def call_of(runnable: Runnable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """The call of a handler in a thread; an ``async def`` gets an event loop of its own there."""
    if runnable.is_async:
        return lambda: asyncio.run(runnable.function(*args, **kwargs))
    return partial(runnable.function, *args, **kwargs)
