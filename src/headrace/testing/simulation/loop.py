"""An event loop whose time jumps to the next timer when nothing is ready: an hour passes in a millisecond."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, TypeVar

from headrace.testing.clock import MONO_START, START

T = TypeVar("T")

OWNER: ContextVar[str] = ContextVar("headrace_simulated_owner", default="")
"""Whose tasks the code that runs now creates: the name of a simulated process."""


class Stuck(RuntimeError):
    """Raised when everything waits, nothing is due, and so nothing will ever happen again."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs callbacks in the order a real loop would, and never waits. ``time`` starts at 0 and is in seconds.

    Each task belongs to the ``OWNER`` of the code that made it, so that a simulated process can die with all its tasks.

    >>> import time
    >>> async def sleep_an_hour() -> float:
    ...     await asyncio.sleep(3600)
    ...     return asyncio.get_running_loop().time()
    >>> begun = time.monotonic()
    >>> run_virtual(sleep_an_hour())
    3600.0
    >>> time.monotonic() - begun < 60
    True
    """

    def __init__(self) -> None:
        self._virtual_s = 0.0
        self._owned: dict[str, dict[asyncio.Task[Any], None]] = {}
        super().__init__(_JumpingSelector(self._jump))
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._virtual_s

    def tasks_of(self, owner: str) -> list[asyncio.Task[Any]]:
        """The tasks of an owner that have not ended, in the order they were made."""
        return list(self._owned.get(owner, ()))

    def _jump(self, seconds: float) -> None:
        self._virtual_s += seconds

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any
    ) -> asyncio.Task[T]:
        task: asyncio.Task[T] = asyncio.Task(work, loop=loop, **options)
        owned = self._owned.setdefault(OWNER.get(), {})
        owned[task] = None
        task.add_done_callback(lambda ended: owned.pop(ended, None))
        return task


class LoopClock:
    """The clock of a virtual loop: its wall clock starts in 2030, and both readings move with the loop's time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        """The instant, in UTC."""
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds."""
        return MONO_START + self._loop.time()


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a virtual loop of its own. Raises Stuck when it can never end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: when no file is ready, the time that would have been waited is said to have passed."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._pass = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Stuck("everything waits and no timer is set: this would never end")
        self._pass(timeout)
        return []
