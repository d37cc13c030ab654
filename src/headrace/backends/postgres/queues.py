"""Settings of queues."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.backends.postgres.session import Runner, Session
from headrace.backends.postgres.verbs.settings import configure_queues
from headrace.model.durations import ZERO
from headrace.model.queue import QueueSettings, Retention

_MICROSECOND = ZERO.resolution


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
                    fair=fair,
                    ordered=ordered,
                    ageing=None if ageing is None else ageing * _MICROSECOND,
                )
                for name, paused, reason, at, retention, fair, ordered, ageing in await session.rows("all_queues")
            ]

        return await self._runner.run(verb)

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        await self._runner.run(lambda session: configure_queues(session, settings), transaction=True)
