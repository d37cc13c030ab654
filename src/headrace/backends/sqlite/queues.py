"""Settings of queues."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.times import maybe_from_us
from headrace.backends.sqlite.verbs.settings import configure_queues
from headrace.backends.sqlite.writer import Writer
from headrace.model.durations import ZERO
from headrace.model.queue import QueueSettings, Retention


class SqliteQueueStore:
    """A row for each queue that has settings; the others are known by their counters."""

    def __init__(self, writer: Writer, thread: ReadingThread) -> None:
        self._writer = writer
        self._thread = thread

    async def all(self) -> list[QueueSettings]:
        return await self._thread.run(lambda transaction: [_settings(*row) for row in transaction.rows("all_queues")])

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        await self._writer.run(lambda transaction: configure_queues(transaction, settings))


def _settings(
    name: str,
    paused: int,
    pause_reason: str | None,
    paused_at: int | None,
    retention: str | None,
    fair: int,
    ordered: int,
    ageing: int | None,
) -> QueueSettings:
    return QueueSettings(
        name=name,
        paused=bool(paused),
        pause_reason=pause_reason,
        paused_at=maybe_from_us(paused_at),
        retention=None if retention is None else msgspec.json.decode(retention, type=Retention),
        fair=bool(fair),
        ordered=bool(ordered),
        ageing=None if ageing is None else ZERO.resolution * ageing,
    )
