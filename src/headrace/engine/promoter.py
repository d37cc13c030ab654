"""Queues jobs whose time has come, and sleeps until the next one's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from headrace.engine.listener import Listener
from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.storage.backend import Backend
from headrace.storage.signals import DUE, WORK, topic
from headrace.telemetry import Telemetry

PROMOTE_LIMIT = 1_000
"""Jobs in one round: a transaction of a few milliseconds, after which others get their turn."""

PROMOTE_EVERY = timedelta(seconds=5)
"""The longest time between two looks, should a signal about a new due instant be lost."""


class Promoter(Periodic):
    """``scheduled`` and ``waiting`` jobs become ``queued`` when they are due."""

    def __init__(self, backend: Backend, *, gate: Callable[[], bool], telemetry: Telemetry) -> None:
        super().__init__("promoter", PROMOTE_EVERY, gate=gate)
        self._backend = backend
        self._telemetry = telemetry
        self._listener = Listener(backend.signals, (DUE,), lambda _queue: self.nudge())

    async def _begin(self) -> None:
        await self._listener.start()
        await super()._begin()

    async def _end(self) -> None:
        await self._listener.stop()

    async def tick(self) -> timedelta | None:
        """Promote a round, wake the workers of its queues, and say when the next job is due."""
        with self._telemetry.span("upkeep.round", duty="promote"):
            promotion = await self._backend.jobs.promote(limit=PROMOTE_LIMIT)
        if promotion.queues:
            await self._backend.signals.publish([topic(WORK, queue) for queue in promotion.queues])
        if promotion.count >= PROMOTE_LIMIT:
            return ZERO
        if promotion.next_due is None:
            return None
        return min(PROMOTE_EVERY, max(ZERO, promotion.next_due - self._backend.clock.now()))
