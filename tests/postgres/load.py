"""A worker and a producer that go on while a test breaks the server under them, and the accounts at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import TracebackType
from typing import Self

import asyncpg

from headrace import Headrace, WorkerConfig
from headrace.backends.postgres import PostgresBackend
from headrace.errors import StorageError
from headrace.model.durations import seconds

RECOVERY_S = 30
"""Work goes on by itself within so long after a fault."""

BACKLOG_MAX = 50


class Load:
    """``async with Load(url) as load`` enqueues and runs jobs; ``progress`` waits until work goes on.

    ``acknowledged`` are the numbers whose enqueue was answered, ``ran`` counts the runs of each.
    """

    def __init__(self, url: str) -> None:
        config = WorkerConfig(queues={"default": 20}, lease=seconds(5))
        self.app = Headrace(backend=PostgresBackend(url), worker=config)
        self.acknowledged: list[int] = []
        self.refused = 0
        self.ran: Counter[int] = Counter()
        self._moved = asyncio.Condition()
        self._stopping = False
        self._next = 0

        @self.app.task(name="count", max_attempts=100)
        async def count(number: int) -> int:
            self.ran[number] += 1
            async with self._moved:
                self._moved.notify_all()
            return number

        self._count = count

    async def __aenter__(self) -> Self:
        await self.app.open()
        self._worker = self.app.worker()
        await self._worker.__aenter__()
        self._producer = asyncio.create_task(self._produce())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping = True
        self._producer.cancel()
        await asyncio.gather(self._producer, return_exceptions=True)
        await self._worker.__aexit__(kind, error, traceback)
        await self.app.close()

    async def progress(self, more: int = 50) -> None:
        """Wait until so many jobs that are enqueued from now on have run. Fails after ``RECOVERY_S``."""
        first = self._next
        async with asyncio.timeout(RECOVERY_S), self._moved:
            await self._moved.wait_for(lambda: sum(number >= first for number in self.ran) >= more)

    async def settle(self) -> None:
        """Stop enqueuing, and wait until everything acknowledged has run."""
        self._stopping = True
        async with asyncio.timeout(RECOVERY_S):
            await self._producer
            async with self._moved:
                await self._moved.wait_for(lambda: all(number in self.ran for number in self.acknowledged))

    async def check(self, url: str) -> None:
        """Nothing acknowledged is lost, and nothing is finished twice. ``url`` leads to the server as it is now."""
        await self.settle()
        async with asyncio.timeout(RECOVERY_S):
            while await self._unfinished():  # each look is a query, so that this loop waits for the server
                pass
        connection = await asyncpg.connect(url)
        try:
            rows = await connection.fetch(
                "SELECT (convert_from(payload, 'UTF8')::jsonb ->> 'number')::integer AS number FROM headrace.succeeded"
            )
        finally:
            await connection.close()
        finished = Counter(row["number"] for row in rows)
        assert not [number for number in self.acknowledged if number not in finished]
        assert not [number for number, times in finished.items() if times > 1]

    async def _unfinished(self) -> int:
        counts = await self.app.counts()
        return sum(each.count for each in counts if not each.state.final)

    async def _produce(self) -> None:
        while not self._stopping:
            number, self._next = self._next, self._next + 1
            try:
                await self._count.enqueue(number)
            except StorageError:
                self.refused += 1
                await asyncio.sleep(0.05)
                continue
            self.acknowledged.append(number)
            async with self._moved:
                await self._moved.wait_for(lambda: len(self.acknowledged) - len(self.ran) < BACKLOG_MAX)
