"""Settings of queues."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.backends.postgres.refusing import refuse_order
from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.session import Runner, Session
from headrace.model.queue import QueueSettings, Retention
from headrace.storage.signals import WORK, topic


class PostgresQueueStore:
    """A row for each queue that has settings; the others are known by their counters."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def all(self) -> list[QueueSettings]:
        async def verb(session: Session) -> list[QueueSettings]:
            return [
                QueueSettings(
                    name=name,
                    paused=paused,
                    pause_reason=reason,
                    paused_at=at,
                    retention=None if retention is None else msgspec.json.decode(retention, type=Retention),
                )
                for name, paused, reason, at, retention in await session.rows("all_queues")
            ]

        return await self._runner.run(verb)

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        for each in settings:
            refuse_order(each)

        async def verb(session: Session) -> None:
            for each in sorted(settings, key=lambda each: each.name):
                retention = None if each.retention is None else as_json(each.retention)
                await session.rows("put_queue", each.name, each.paused, each.pause_reason, each.paused_at, retention)
                if not each.paused:
                    session.announce([topic(WORK, each.name)])

        await self._runner.run(verb, transaction=True)
