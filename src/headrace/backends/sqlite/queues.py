"""Settings of queues."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.backends.sqlite.reading import ReadingLane
from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import maybe_from_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.writer import Writer
from headrace.model.queue import QueueSettings, Retention
from headrace.storage.signals import WORK


class SqliteQueueStore:
    """A row for each queue that has settings; the others are known by their counters."""

    def __init__(self, writer: Writer, lane: ReadingLane) -> None:
        self._writer = writer
        self._lane = lane

    async def all(self) -> list[QueueSettings]:
        return await self._lane.run(lambda transaction: [_settings(*row) for row in transaction.rows("all_queues")])

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        await self._writer.run(lambda transaction: _configure_many(transaction, settings))


def _settings(
    name: str, paused: int, pause_reason: str | None, paused_at: int | None, retention: str | None
) -> QueueSettings:
    return QueueSettings(
        name=name,
        paused=bool(paused),
        pause_reason=pause_reason,
        paused_at=maybe_from_us(paused_at),
        retention=None if retention is None else msgspec.json.decode(retention, type=Retention),
    )


def _configure_many(transaction: Transaction, settings: Sequence[QueueSettings]) -> None:
    for each in settings:
        paused_at = None if each.paused_at is None else to_us(each.paused_at)
        retention = None if each.retention is None else as_json(each.retention)
        transaction.run("put_queue", (each.name, int(each.paused), each.pause_reason, paused_at, retention))
        if not each.paused:
            transaction.announce(WORK, each.name)
