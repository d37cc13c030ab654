"""Jobs of one batch task that are handled in one call: gathered, handed over together, and answered one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from typing import Any

from headrace.engine.execution import Execution, is_abandoned
from headrace.engine.runnable import Runnable
from headrace.errors import UsageError

CallBatch = Callable[[Runnable, Sequence[Execution], list[Any]], Coroutine[Any, Any, Any]]
"""Calls a batch handler with the items of these jobs, and answers what it returned."""

LATE_S = 1.0
"""How long a full batch waits for a job that middleware holds up, before it begins without it."""


class Crowd:
    """A batch in the making, and then at work. Used on the event loop.

    It holds one slot from its making until the handler has ended. A job that is cancelled, out of time or lost leaves
    it: before the call the item is taken out, during the call its answer is ignored, and the call is cancelled when
    nobody is left. ``on_begin`` is called when no more jobs are taken, and ``on_end`` when the slot is free again.
    """

    def __init__(
        self,
        runnable: Runnable,
        call: CallBatch,
        context: Context,
        *,
        on_begin: Callable[[Crowd], None],
        on_end: Callable[[Crowd], None],
    ) -> None:
        assert runnable.batch is not None
        self.runnable = runnable
        self._call = call
        self._context = context
        self._on_begin = on_begin
        self._on_end = on_end
        self._expected: set[Execution] = set()
        self._taken = 0
        self._items: dict[Execution, tuple[Any, asyncio.Future[Any]]] = {}
        self._begun = False
        self._work: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(runnable.batch.wait.total_seconds(), self.close)

    @property
    def room(self) -> int:
        """How many more jobs it takes."""
        assert self.runnable.batch is not None
        return 0 if self._begun else self.runnable.batch.size - self._taken

    def admit(self, run: Execution) -> None:
        """Count a job that is about to ``join``."""
        run.crowd = self
        self._taken += 1
        self._expected.add(run)
        if not self.room:
            self.close()

    def close(self) -> None:
        """Take no more jobs, and begin as soon as those that were admitted have arrived, or are late."""
        if not self._begun:
            self._begun = True
            self._timer.cancel()
            self._on_begin(self)
            self._timer = self._loop.call_later(LATE_S, self._begin)
            self._begin_if_complete()

    async def join(self, run: Execution, item: Any) -> Any:
        """Wait for the answer to one item. Raises what the handler answered or raised for it."""
        if self._work is not None:
            return _told(_answers(await self._call(self.runnable, [run], [item]), 1)[0])
        self._expected.discard(run)
        future: asyncio.Future[Any] = self._loop.create_future()
        self._items[run] = (item, future)
        self._begin_if_complete()
        try:
            answer = await future
        except asyncio.CancelledError:
            await self._leave(run)
            raise
        return _told(answer)

    def withdraw(self, run: Execution) -> None:
        """An admitted job has ended, perhaps without having joined."""
        if run in self._expected:
            self._expected.discard(run)
            self._begin_if_complete()

    def _begin_if_complete(self) -> None:
        if self._begun and not self._expected and self._work is None:
            self._begin()

    def _begin(self) -> None:
        self._timer.cancel()
        if self._work is None:
            self._work = asyncio.Task(self._run(), loop=self._loop, context=self._context)

    async def _run(self) -> None:
        try:
            runs = list(self._items)
            if runs:
                await self._answer(runs)
        finally:
            self._on_end(self)

    async def _answer(self, runs: list[Execution]) -> None:
        answers: Sequence[Any]
        try:
            value = await self._call(self.runnable, runs, [self._items[run][0] for run in runs])
            answers = _answers(value, len(runs))
        except BaseException as error:
            if is_abandoned(error):
                raise
            # Cancelled because everybody left, or whatever the handler raises: it is the answer to each job.
            answers = [error] * len(runs)
        for run, answer in zip(runs, answers, strict=True):
            if run in self._items:
                future = self._items.pop(run)[1]
                if not future.done():
                    future.set_result(answer)

    async def _leave(self, run: Execution) -> None:
        if self._work is None:
            self._items.pop(run, None)
            return
        if self._items and all(each.interruption is not None for each in self._items):
            # Nobody waits for the call any more. Who gives a job back must not do so while it is still worked on, so a
            # handler that ignores its cancellation is cancelled again with each that reaches one of the jobs.
            while not self._work.done():
                self._work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([self._work])
        self._items.pop(run, None)


def _told(answer: Any) -> Any:
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _answers(value: Any, count: int) -> Sequence[Any]:
    if value is None:
        return [None] * count
    if isinstance(value, Sequence) and not isinstance(value, str | bytes) and len(value) == count:
        return value
    got = f"{len(value)} answers" if isinstance(value, list | tuple) else repr(type(value))
    message = f"a batch handler answers None, or a list with one answer for each of the {count} items; got {got}"
    raise UsageError(message)
