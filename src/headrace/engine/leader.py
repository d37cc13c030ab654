"""Who does the upkeep. Leadership makes upkeep cheap, never correct: two leaders do no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from headrace.engine.service import GOODBYE_S_MAX, Periodic
from headrace.model.ids import WorkerId
from headrace.storage.clock import Clock
from headrace.storage.locks import Lock, LockStore

log = logging.getLogger("headrace")

LOCK = "leader"
LEADER_TTL = timedelta(seconds=15)
"""How long upkeep may pause after a leader died, at most as long as a lease: who has died is found by upkeep. Renewed
every third of it, so that two renewals may fail."""


class Leader(Periodic):
    """Stands for leader and, when elected, stays so until it stops or cannot renew in time."""

    def __init__(
        self,
        locks: LockStore,
        clock: Clock,
        owner: WorkerId,
        *,
        on_elected: Callable[[], None],
        lease: timedelta = LEADER_TTL,
    ) -> None:
        ttl = min(LEADER_TTL, lease)
        super().__init__("leader election", ttl / 3)
        self._locks = locks
        self._clock = clock
        self._owner = owner
        self._on_elected = on_elected
        self._ttl = ttl
        self._lock: Lock | None = None
        self._until = 0.0

    @property
    def is_leader(self) -> bool:
        """True while this worker holds the lock, by its own clock as well."""
        return self._lock is not None and self._clock.monotonic() < self._until

    async def tick(self) -> timedelta | None:
        """Renew the lock, or try to take it."""
        asked_at = self._clock.monotonic()
        if self._lock is not None:
            self._lock = await self._locks.renew(self._lock, ttl=self._ttl)
            if self._lock is None:
                log.info("worker %s is no longer the leader", self._owner)
        if self._lock is None:
            self._lock = await self._locks.acquire(LOCK, owner=self._owner, ttl=self._ttl)
            if self._lock is not None:
                log.debug("worker %s is the leader", self._owner)
        elected = self._lock is not None and not self.is_leader
        self._until = asked_at + self._ttl.total_seconds()
        if elected:
            self._on_elected()
        return None

    async def _begin(self) -> None:
        await self._round()
        await super()._begin()

    async def _end(self) -> None:
        await self._cancel_tasks()
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_S_MAX):
                await self._locks.release(lock)
        except Exception as error:
            log.info("leadership was not given up, and ends by itself within %s: %r", self._ttl, error)
