"""Many single calls, one bulk call: what arrives while a batch is in flight is the next batch.

There is no timer, so a lone caller pays nothing, and the busier a process is the larger its batches get.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

BATCH_LIMIT_DEFAULT = 1_000
"""What every store takes in one call (``MAX_BATCH_DEFAULT``); past a few hundred a batch wins nothing more."""


class Batcher(Generic[In, Out]):
    """Merges concurrent single calls of one event loop into calls of ``run``, which answers item *i* with reply *i*.

    What ``run`` raises, every caller of that batch gets, except for the kinds in ``isolate``: they say that one item
    is at fault and that nothing was done, so the items are then tried one by one. A caller that is cancelled while its
    item waits takes it back; once it is in flight, the batch goes on without that caller.
    """

    __slots__ = ("_isolate", "_limit", "_run", "_task", "_waiting")

    def __init__(
        self,
        run: Callable[[list[In]], Awaitable[list[Out]]],
        *,
        limit: int = BATCH_LIMIT_DEFAULT,
        isolate: tuple[type[Exception], ...] = (),
    ) -> None:
        self._run = run
        self._limit = limit
        self._isolate = isolate
        self._waiting: list[tuple[In, asyncio.Future[Out]]] = []
        self._task: asyncio.Task[None] | None = None

    def submit(self, item: In) -> asyncio.Future[Out]:
        """Hand in an item; await the answer for its reply. The item leaves with the current turn of the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Out] = loop.create_future()
        self._waiting.append((item, future))
        if self._task is None:
            # An empty context, so that a batch does not run as part of whichever job happened to submit first.
            self._task = loop.create_task(self._drain(), name="headrace batcher", context=Context())
        return future

    async def close(self) -> None:
        """Wait until everything that was handed in has its reply."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
                batch = [pair for pair in taken if not pair[1].done()]
                if batch:
                    await self._flush(batch)
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()
            self._waiting = []

    async def _flush(self, batch: list[tuple[In, asyncio.Future[Out]]]) -> None:
        try:
            replies = await self._run([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and isinstance(error, self._isolate):
                for pair in batch:
                    await self._flush([pair])
            else:
                _fail(batch, error)
            return
        except BaseException:
            for _, future in batch:
                future.cancel()
            raise
        if len(replies) != len(batch):
            _fail(batch, RuntimeError(f"{len(replies)} replies came back for {len(batch)} items"))
            return
        for (_, future), reply in zip(batch, replies, strict=True):
            if not future.done():
                future.set_result(reply)


def _fail(batch: list[tuple[In, asyncio.Future[Out]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
