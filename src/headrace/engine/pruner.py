"""Deletes ended jobs, and events of the journal, whose retention is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from headrace.engine.service import Periodic
from headrace.model.queue import Retention
from headrace.storage.backend import Backend
from headrace.telemetry import Telemetry

PRUNE_LIMIT = 1_000
PRUNE_EVENTS_LIMIT = 10_000
"""Events of a round: they lie one after the other, and go together."""
PRUNE_EVERY = timedelta(minutes=1)
PRUNE_AGAIN_AFTER = timedelta(milliseconds=100)
"""Between full rounds: ten thousand jobs a second leave, and the store has time for others in between."""


class Pruner(Periodic):
    """Keeps the history as long as the retention says, and no longer."""

    def __init__(
        self, backend: Backend, retention: Retention, *, gate: Callable[[], bool], telemetry: Telemetry
    ) -> None:
        super().__init__("pruner", PRUNE_EVERY, gate=gate)
        self._backend = backend
        self._retention = retention
        self._telemetry = telemetry

    async def tick(self) -> timedelta | None:
        """Prune a round."""
        with self._telemetry.span("upkeep.round", duty="prune"):
            count = await self._backend.jobs.prune(self._retention, limit=PRUNE_LIMIT)
            events = await self._prune_events()
        return PRUNE_AGAIN_AFTER if count >= PRUNE_LIMIT or events >= PRUNE_EVENTS_LIMIT else None

    async def _prune_events(self) -> int:
        if not self._backend.capabilities.events:
            return 0
        return await self._backend.events.prune(limit=PRUNE_EVENTS_LIMIT)
