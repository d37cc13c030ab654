"""Ends jobs that were not started in time, and sleeps until the next one expires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from headrace.engine.listener import Listener
from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, EXPIRY, topic
from headrace.telemetry import Telemetry

EXPIRE_LIMIT = 1_000
"""Jobs in one round: a transaction of a few milliseconds, after which others get their turn."""

EXPIRE_EVERY = timedelta(seconds=5)
"""The longest time between two looks, and so how late a job expires at most whose signal was lost, or not heard: behind
pgbouncer nobody hears what other processes enqueue. A claim passes over it from its instant on."""

EXPIRE_CALM = timedelta(milliseconds=50)
"""The shortest time between two looks while there is nothing more to expire. Where jobs with an expiry come by the
thousand a second, a look for each signal would be as many reads; late for it is only a job that expires within it."""


class Expirer(Periodic):
    """Jobs past their ``expires_at`` become ``expired``."""

    def __init__(self, backend: Backend, *, gate: Callable[[], bool], telemetry: Telemetry) -> None:
        super().__init__("expirer", EXPIRE_EVERY, gate=gate, calm=EXPIRE_CALM)
        self._backend = backend
        self._telemetry = telemetry
        self._listener = Listener(backend.signals, (EXPIRY,), lambda _queue: self.nudge())

    async def _begin(self) -> None:
        await self._listener.start()
        await super()._begin()

    async def _end(self) -> None:
        await self._listener.stop()

    async def tick(self) -> timedelta | None:
        """Expire a round, tell who waits for these jobs, and say when the next one expires."""
        with self._telemetry.span("upkeep.round", duty="expire"):
            expiration = await self._backend.jobs.expire(limit=EXPIRE_LIMIT)
        if expiration.ids:
            await self._backend.signals.publish([topic(DONE, job_id) for job_id in expiration.ids])
        if len(expiration.ids) >= EXPIRE_LIMIT:
            return ZERO
        if expiration.next_expiry is None:
            return None
        return min(EXPIRE_EVERY, max(EXPIRE_CALM, expiration.next_expiry - self._backend.clock.now()))
