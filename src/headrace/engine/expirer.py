"""Ends jobs that were not started in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, topic
from headrace.telemetry import Telemetry

EXPIRE_LIMIT = 1_000
EXPIRE_EVERY = timedelta(seconds=1)
"""A claim already passes over an expired job; this only moves it to where people look for it. A look finds nothing most
of the time, and is one read of an index."""


class Expirer(Periodic):
    """Jobs past their ``expires_at`` become ``expired``."""

    def __init__(self, backend: Backend, *, gate: Callable[[], bool], telemetry: Telemetry) -> None:
        super().__init__("expirer", EXPIRE_EVERY, gate=gate)
        self._backend = backend
        self._telemetry = telemetry

    async def tick(self) -> timedelta | None:
        """Expire a round."""
        with self._telemetry.span("upkeep.round", duty="expire"):
            expired = await self._backend.jobs.expire(limit=EXPIRE_LIMIT)
        if expired:
            await self._backend.signals.publish([topic(DONE, job_id) for job_id in expired])
        return ZERO if len(expired) >= EXPIRE_LIMIT else None
