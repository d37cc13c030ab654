"""Settings of queues. A queue exists as soon as a job or a setting names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headrace.model.queue import QueueSettings


class QueueStore(Protocol):
    """Read and write what ``claim`` and ``prune`` obey."""

    async def all(self) -> list[QueueSettings]:
        """Every queue that was ever named by a job or a setting, by name."""
        ...

    async def configure_many(self, settings: Sequence[QueueSettings]) -> None:
        """Store settings, each replacing what that queue had. Takes effect from the next claim on."""
        ...
