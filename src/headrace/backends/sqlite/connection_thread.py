"""One thread with one connection, to which whole errands are handed.

The hop to a thread costs more than a small statement, so what crosses is a whole errand. The writing thread drains
everything that waits into one transaction: a process's concurrent calls share one commit, and one fsync.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from headrace.backends.sqlite.faults import translate
from headrace.errors import Unavailable

T = TypeVar("T")

GROUP_MAX = 64
"""Errands in one transaction at most: bounds how long the write lock is held against other processes."""


class Errand(Generic[T]):
    """A verb to be called on the thread, who waits for it, and whether its commit must reach the disk.

    ``shortcut``, where there is one, may answer without a write transaction; it answers None where it cannot. One that
    ``parks`` is kept, while its answer is empty, until there is more to answer.
    """

    __slots__ = ("durable", "error", "function", "future", "parks", "reply", "shortcut")

    def __init__(
        self,
        function: Callable[[Any], T],
        future: asyncio.Future[T],
        *,
        durable: bool = False,
        shortcut: Callable[[Any], T | None] | None = None,
        parks: bool = False,
    ) -> None:
        self.function = function
        self.future = future
        self.durable = durable
        self.shortcut = shortcut
        self.parks = parks
        self.reply: T | None = None
        self.error: Exception | None = None

    def resolve(self) -> None:
        """Tell the caller; runs on the caller's loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.reply)  # type: ignore[arg-type]  # T may include None


class ConnectionThread:
    """The thread. ``work`` is called on it with the errands that wait, and sets a reply or an error in each.

    ``setup`` runs first on the thread; what it raises is raised by ``start``. ``teardown`` runs last. ``deliver`` tells
    the callers of a group that is done.
    """

    def __init__(
        self,
        name: str,
        *,
        path: str,
        setup: Callable[[], None],
        work: Callable[[list[Errand[Any]]], None],
        teardown: Callable[[], None],
        deliver: Callable[[list[Errand[Any]]], None] | None = None,
    ) -> None:
        self._name = name
        self._path = path
        self._setup = setup
        self._work = work
        self._teardown = teardown
        self._deliver = deliver or deliver_replies
        self._inbox: SimpleQueue[Errand[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._closing = False

    async def start(self) -> None:
        """Start the thread and wait until it is set up."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        self._closing = False
        self._pid = os.getpid()
        self._inbox = SimpleQueue()
        self._ended: Future[None] = Future()
        self._ended.set_running_or_notify_cancel()  # a cancelled wait for the end must not cancel it
        self._thread = threading.Thread(target=self._main, args=(loop, ready), name=self._name, daemon=True)
        self._thread.start()
        try:
            await ready
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Do what is waiting, tear down and end the thread. Safe before ``start`` and twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._closing = True
        self._inbox.put(None)
        if self._pid == os.getpid():
            # Not by joining in an executor: while the interpreter ends, no thread can be started for that.
            await asyncio.wrap_future(self._ended)
            thread.join()

    def submit(
        self,
        function: Callable[[Any], T],
        *,
        durable: bool = False,
        shortcut: Callable[[Any], T | None] | None = None,
    ) -> asyncio.Future[T]:
        """Hand over an errand. Cancelling the future before it is begun takes it back; later it has its effect."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.hand_over(Errand(function, future, durable=durable, shortcut=shortcut))
        return future

    def hand_over(self, errand: Errand[Any]) -> None:
        """The same with an errand that the caller keeps."""
        if self._thread is None or self._closing:
            raise Unavailable(f"{self._path} is not open; use 'async with app:' or 'await app.open()' first")
        if self._pid != os.getpid():
            raise Unavailable(f"{self._path} was opened before this process was forked; open it in the child instead")
        self._inbox.put(errand)

    def _main(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        try:
            self._run(loop, ready)
        finally:
            self._ended.set_result(None)

    def _run(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        try:
            self._setup()
        except Exception as error:
            self._teardown_quietly()
            loop.call_soon_threadsafe(_settle, ready, translate(error, self._path))
            return
        loop.call_soon_threadsafe(_settle, ready, None)
        try:
            while group := self._next_group():
                self._work(group)
                self._deliver(group)
        finally:
            self._teardown_quietly()

    def _next_group(self) -> list[Errand[Any]]:
        """All that waits, up to GROUP_MAX; waits for the first. Empty when the thread is to end."""
        while True:
            first = self._inbox.get()
            if first is None:
                return []
            group = [] if first.future.cancelled() else [first]
            while len(group) < GROUP_MAX and not self._inbox.empty():
                following = self._inbox.get()
                if following is None:
                    self._inbox.put(None)
                    break
                if not following.future.cancelled():
                    group.append(following)
            if group:
                return group

    def _teardown_quietly(self) -> None:
        try:
            self._teardown()
        except Exception:
            return


def _settle(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def deliver_replies(group: list[Errand[Any]], first: Callable[[], None] | None = None) -> None:
    """Resolve the callers with one hop to each event loop. ``first`` is called there before any of them is told."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Errand[Any]]] = {}
    for errand in group:
        by_loop.setdefault(errand.future.get_loop(), []).append(errand)
    for loop, errands in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_all, errands, first)
        except RuntimeError:
            continue  # The caller's loop was closed: nobody waits any more, and the effect stands.
        first = None


def _resolve_all(errands: list[Errand[Any]], first: Callable[[], None] | None) -> None:
    if first is not None:
        first()
    for errand in errands:
        errand.resolve()
