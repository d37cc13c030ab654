"""Named locks with a time to live and a fence that only grows."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from msgspec import Struct


class Lock(Struct, frozen=True, kw_only=True, gc=False):
    """A held lock. ``fence`` is larger than that of every earlier holder of the name."""

    name: str
    owner: str
    fence: int


class LockStore(Protocol):
    """Leader election is ``acquire`` and ``renew`` on one name. A lock makes upkeep cheap, never correct."""

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lock | None:
        """Take the lock if it is free or its holder's time ran out; None when another holds it.

        The same owner acquiring again gets a new fence.
        """
        ...

    async def renew(self, lock: Lock, *, ttl: timedelta) -> Lock | None:
        """Hold the lock for ``ttl`` from now; None when it was lost."""
        ...

    async def release(self, lock: Lock) -> bool:
        """Give the lock up; False when it was lost before."""
        ...
