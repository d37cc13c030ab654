"""One claimed job in this worker, from the claim until its end is stored: what every part of the engine shares."""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from headrace.engine.context import JobContext
from headrace.engine.runnable import Runnable
from headrace.model.lease import Claim
from headrace.model.usage import UNKNOWN, Usage

if TYPE_CHECKING:
    from headrace.engine.crowd import Crowd
    from headrace.engine.shares import Share


class Phase(IntEnum):
    """How far an execution is."""

    WAITING = 0
    """Claimed ahead; no slot is free yet."""
    STARTED = 1
    """Has a slot and a task that has not run its first step."""
    RUNNING = 2
    """In its handler; cancelling the task reaches it."""
    ENDED = 3
    """The handler is over; only the outcome remains to be stored."""


class Interruption(Enum):
    """Why a handler was told to stop before its end."""

    CANCEL = "cancel"
    TIMEOUT = "timeout"
    LOST = "lost"
    UNHEARD = "unheard"
    """The store could not be reached for a whole lease. Another worker may have the job by now, or nobody."""
    SHUTDOWN = "shutdown"


def _cannot_tell() -> Usage:
    return UNKNOWN


class Host(Protocol):
    """Where executions live: gives them the time and hears that one has something to report."""

    def now(self) -> datetime: ...
    def mark(self, run: Execution) -> None: ...
    async def complete(self, run: Execution, connection: object, result: Any) -> None: ...


class Execution:
    """A claim, its handler, and what became of them. Used from the event loop, except ``extended_at`` (heartbeats)."""

    __slots__ = (
        "_context",
        "_host",
        "begun_at",
        "claimed_at",
        "completed_by_handler",
        "crowd",
        "deadline",
        "extended_at",
        "interruption",
        "job",
        "lease",
        "measure",
        "phase",
        "reason",
        "runnable",
        "share",
        "task",
        "timer",
        "usage",
    )

    def __init__(self, claim: Claim, runnable: Runnable | None, share: Share, host: Host, extended_at: float) -> None:
        self.job = claim.job
        self.lease = claim.lease
        self.runnable = runnable
        self.share = share
        self.extended_at = extended_at
        self.claimed_at = extended_at
        self.phase = Phase.WAITING
        self.interruption: Interruption | None = None
        self.reason = ""
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.deadline: datetime | None = None
        self.begun_at = 0.0
        self.usage = UNKNOWN
        self.measure = _cannot_tell
        self.completed_by_handler = False
        self.crowd: Crowd | None = None
        self._host = host
        self._context: JobContext | None = None

    @property
    def context(self) -> JobContext:
        """The handler's view of the job, made when it is first asked for."""
        if self._context is None:
            self._context = JobContext(
                self.job,
                now=self._host.now,
                mark=self._mark,
                deadline=self.deadline,
                cancel_reason=self.reason if self.interruption is not None else None,
                complete=self._complete,
            )
        return self._context

    @property
    def told(self) -> bool:
        """True when the handler asked for its context, so that there may be something to report."""
        return self._context is not None

    def arm(self, extra_s: float = 0.0) -> None:
        """Begin to count the job's timeout, anew if it was counting. Pools call it when the handler begins.

        The time a job queues for a thread is not the handler's, nor is ``extra_s``, which a pool may need to begin.
        """
        timeout = self.job.timeout
        if timeout is None or self.phase is Phase.ENDED:
            return
        if self.timer is not None:
            self.timer.cancel()
        self.deadline = self._host.now() + timeout
        self.timer = asyncio.get_running_loop().call_later(
            timeout.total_seconds() + extra_s, self.interrupt, Interruption.TIMEOUT, f"it ran longer than {timeout}"
        )

    def interrupt(self, why: Interruption, reason: str = "") -> None:
        """Tell the handler to stop, again if it was told before. The first reason counts, unless the lease is lost."""
        if self.phase is Phase.ENDED:
            return
        if self.interruption is None or why is Interruption.LOST:
            self.interruption = why
            self.reason = reason
            if self._context is not None:
                self._context.cancel_reason = reason
        if self.phase is Phase.RUNNING and self.task is not None:
            self.task.cancel()

    def end(self) -> None:
        """The handler is over: from here on nothing interrupts the task."""
        self.phase = Phase.ENDED
        if self.timer is not None:
            self.timer.cancel()

    def let_go(self) -> None:
        """Everything is said and done: leave no cycle of references behind.

        The contexts of the task, the timer and the batch know this run. As cycles, the jobs of a busy worker would make
        the garbage collector look through all of the process every few thousand jobs, for 50 ms each time.
        """
        self.task = None
        self.timer = None
        self.crowd = None
        self._context = None

    def _mark(self) -> None:
        self._host.mark(self)

    async def _complete(self, connection: object, result: Any) -> None:
        await self._host.complete(self, connection, result)
        self.completed_by_handler = True


def is_abandoned(error: BaseException) -> bool:
    """Whether the loop was closed under the coroutine that caught this, so that there is nobody left to answer.

    Python closes such a coroutine by a GeneratorExit, outside of any task. A handler can raise one as well.
    """
    if not isinstance(error, GeneratorExit):
        return False
    try:
        return asyncio.current_task() is None
    except RuntimeError:
        return True
