"""Many single calls, one bulk call: what arrives while a batch is in flight is the next batch.

There is no timer, so a lone caller pays nothing, and the busier a process is the larger its batches get.

A store that writes several batches at the same time is given them at the same time: while the server works on one half
of the calls, this process makes the other.
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


HALF_MIN = 8
"""Fewer calls than twice this go as one batch: below that, what a batch costs outweighs what is done meanwhile."""


class Batcher(Generic[In, Out]):
    """Merges concurrent single calls of one event loop into calls of ``run``, which answers item *i* with reply *i*.

    What ``run`` raises, every caller of that batch gets, except for the kinds in ``isolate``: they say that one item
    is at fault and that nothing was done, so the items are then tried one by one. A caller that is cancelled while its
    item waits takes it back; once it is in flight, the batch goes on without that caller. ``flights``: how many batches
    may be on their way at the same time.
    """

    __slots__ = ("_flights", "_flights_max", "_isolate", "_limit", "_run", "_starting", "_waiting")

    def __init__(
        self,
        run: Callable[[list[In]], Awaitable[list[Out]]],
        *,
        limit: int = BATCH_LIMIT_DEFAULT,
        isolate: tuple[type[Exception], ...] = (),
        flights: int = 1,
    ) -> None:
        self._run = run
        self._limit = limit
        self._isolate = isolate
        self._flights_max = flights
        self._flights: set[asyncio.Task[None]] = set()
        self._starting = False
        self._waiting: list[tuple[In, asyncio.Future[Out]]] = []

    def submit(self, item: In) -> asyncio.Future[Out]:
        """Hand in an item; await the answer for its reply. The item leaves with the current turn of the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Out] = loop.create_future()
        self._waiting.append((item, future))
        if not self._starting and len(self._flights) < self._flights_max:
            self._start(loop)
        return future

    async def close(self) -> None:
        """Wait until everything that was handed in has its reply."""
        while self._flights:
            await asyncio.wait(self._flights)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._starting = True
        # An empty context, so that a batch does not run as part of whichever job happened to submit first.
        self._flights.add(loop.create_task(self._fly(), name="headrace batcher", context=Context()))

    async def _fly(self) -> None:
        flight = asyncio.current_task()
        assert flight is not None
        self._starting = False
        try:
            while self._waiting:
                batch = self._take()
                if batch:
                    await self._flush(batch)
        finally:
            self._flights.discard(flight)
            if not self._flights:  # nobody else would answer them
                for _, future in self._waiting:
                    future.cancel()
                self._waiting = []

    def _take(self) -> list[tuple[In, asyncio.Future[Out]]]:
        count = self._share()
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        if self._waiting and not self._starting and len(self._flights) < self._flights_max:
            self._start(asyncio.get_running_loop())
        return [pair for pair in taken if not pair[1].done()]

    def _share(self) -> int:
        """How many calls the next batch takes: its part, where others can be under way beside it."""
        count = len(self._waiting)
        free = self._flights_max - len(self._flights) + 1
        return min(self._limit, count if count < 2 * HALF_MIN else -(-count // free))

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
