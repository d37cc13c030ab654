"""Named locks.

Settled here: a time to live is counted on the monotonic clock. A lock whose time ran out is lost, even if nobody has
taken it yet: its holder cannot renew it. Fences of a name go on growing after a release.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from headrace.backends.memory.session import Session
from headrace.storage.locks import Lock


@dataclass(slots=True)
class Held:
    """The last holding of a name, over or not: its fence is remembered for ever."""

    lock: Lock
    ends: float


class MemoryLockStore:
    """Locks in a dictionary shared by all siblings."""

    def __init__(self, session: Session, held: dict[str, Held]) -> None:
        self._session = session
        self._held = held

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lock | None:
        with self._session.section() as state:
            last = self._held.get(name)
            if last is not None and last.ends > state.mono and last.lock.owner != owner:
                return None
            lock = Lock(name=name, owner=owner, fence=1 if last is None else last.lock.fence + 1)
            self._held[name] = Held(lock, state.mono + ttl.total_seconds())
            return lock

    async def renew(self, lock: Lock, *, ttl: timedelta) -> Lock | None:
        with self._session.section() as state:
            held = self._current(lock, state.mono)
            if held is None:
                return None
            held.ends = state.mono + ttl.total_seconds()
            return held.lock

    async def release(self, lock: Lock) -> bool:
        with self._session.section() as state:
            held = self._current(lock, state.mono)
            if held is None:
                return False
            held.ends = state.mono
            return True

    def _current(self, lock: Lock, mono: float) -> Held | None:
        held = self._held.get(lock.name)
        return held if held is not None and held.lock == lock and held.ends > mono else None
