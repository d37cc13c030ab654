"""Settings of queues."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.memory.session import Session
from headrace.model.queue import QueueSettings
from headrace.storage.signals import WORK, topic


class MemoryQueueStore:
    """What ``claim`` and ``prune`` read in the same state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> list[QueueSettings]:
        with self._session.section() as state:
            return [settings for _, settings in sorted(state.queues.items())]

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        with self._session.section() as state:
            before = state.layouts()
            for each in settings:
                state.queues[each.name] = each
                if not each.paused:
                    state.topics[topic(WORK, each.name)] = None
            state.lay_out_lanes(before)
