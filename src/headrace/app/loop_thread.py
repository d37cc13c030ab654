"""A thread with an event loop of its own, and a desk open on it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from headrace.app.desk import JobDesk
from headrace.errors import UsageError

T = TypeVar("T")

STOP_TIMEOUT_S = 10.0
"""How long the end of the program waits for the thread: writes under way are done by then, or never will be."""


class LoopThread:
    """Opens a desk on a new thread's loop, runs coroutines there for any thread, and ends with ``close``."""

    def __init__(self, make_desk: Callable[[], JobDesk]) -> None:
        self.pid = os.getpid()
        self._closed = False
        self._lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="headrace sync", daemon=True)
        self.thread.start()
        try:
            # Made on its loop's thread: a backend may keep things that belong to the thread that made it.
            self.desk = self.run(_open(make_desk))
        except BaseException:
            self._end()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for its answer here."""
        # Nothing may be handed in after the closing: it would never run, and its caller would wait for ever.
        with self._lock:
            if self._closed:
                work.close()
                raise _closed()
            future = asyncio.run_coroutine_threadsafe(work, self.loop)
        return self._await(future)

    def _await(self, future: Future[T]) -> T:
        try:
            return future.result()
        except CancelledError:
            raise _closed() from None
        except BaseException:
            # Ctrl-C reaches this thread; the work on the other one must not go on unseen.
            future.cancel()
            raise

    def close(self) -> None:
        """Close the desk, stop the loop and wait for the thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            closing = asyncio.run_coroutine_threadsafe(self.desk.close(), self.loop)
        try:
            self._await(closing)
        finally:
            self._end()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_cancel_all(self.loop))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    def _end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(STOP_TIMEOUT_S)


def _closed() -> UsageError:
    return UsageError("app.sync was closed while the call was under way; whether it took effect is uncertain")


async def _open(make_desk: Callable[[], JobDesk]) -> JobDesk:
    desk = make_desk()
    await desk.open()
    return desk


async def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    others = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
