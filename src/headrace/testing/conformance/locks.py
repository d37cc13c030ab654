"""Locks: one holder at a time, and a fence that only grows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from headrace.storage.backend import Backend
from headrace.storage.locks import Lock
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import INSTANT

TTL = timedelta(seconds=10)


async def take(backend: Backend, owner: str, name: str = "leader") -> Lock:
    """Acquire a lock that must be free."""
    lock = await backend.locks.acquire(name, owner=owner, ttl=TTL)
    assert lock is not None
    return lock


class LockPromises:
    async def test_a_free_lock_is_taken(self, backend: Backend) -> None:
        lock = await take(backend, "a")
        assert (lock.name, lock.owner) == ("leader", "a")

    async def test_a_held_lock_is_refused_to_others(self, backend: Backend) -> None:
        await take(backend, "a")
        assert await backend.locks.acquire("leader", owner="b", ttl=TTL) is None

    async def test_locks_of_different_names_are_different(self, backend: Backend) -> None:
        await take(backend, "a", "one")
        await take(backend, "b", "two")

    async def test_a_lock_is_free_when_its_time_ran_out(self, backend: Backend, clock: FrozenClock) -> None:
        first = await take(backend, "a")
        clock.advance(TTL - INSTANT)
        assert await backend.locks.acquire("leader", owner="b", ttl=TTL) is None
        clock.advance(2 * INSTANT)
        second = await take(backend, "b")
        assert second.fence > first.fence

    async def test_renewing_holds_it_from_now(self, backend: Backend, clock: FrozenClock) -> None:
        lock = await take(backend, "a")
        for _ in range(5):
            clock.advance(TTL * 0.8)
            assert await backend.locks.renew(lock, ttl=TTL) == lock
        assert await backend.locks.acquire("leader", owner="b", ttl=TTL) is None

    async def test_a_lock_taken_by_another_is_not_renewed_nor_released(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        old = await take(backend, "a")
        clock.advance(TTL + INSTANT)
        current = await take(backend, "b")
        assert await backend.locks.renew(old, ttl=TTL) is None
        assert await backend.locks.release(old) is False
        assert await backend.locks.renew(current, ttl=TTL) == current

    async def test_a_lock_whose_time_ran_out_is_lost_though_nobody_took_it(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        lock = await take(backend, "a")
        clock.advance(TTL + INSTANT)
        assert await backend.locks.renew(lock, ttl=TTL) is None
        assert await backend.locks.release(lock) is False

    async def test_a_released_lock_is_free_at_once(self, backend: Backend) -> None:
        lock = await take(backend, "a")
        assert await backend.locks.release(lock) is True
        assert await backend.locks.release(lock) is False
        assert await backend.locks.renew(lock, ttl=TTL) is None
        await take(backend, "b")

    async def test_the_fence_grows_over_every_acquisition(self, backend: Backend) -> None:
        fences = []
        for owner in ("a", "b", "a", "c"):
            lock = await take(backend, owner)
            fences.append(lock.fence)
            await backend.locks.release(lock)
        assert fences == sorted(set(fences))

    async def test_the_same_owner_acquiring_again_gets_a_new_fence(self, backend: Backend) -> None:
        first = await take(backend, "a")
        second = await take(backend, "a")
        assert second.fence > first.fence
        assert await backend.locks.renew(first, ttl=TTL) is None
        assert await backend.locks.renew(second, ttl=TTL) == second

    async def test_of_many_at_once_one_gets_it(self, backend: Backend) -> None:
        calls = (backend.locks.acquire("leader", owner=f"w-{n}", ttl=TTL) for n in range(20))
        assert sum(lock is not None for lock in await asyncio.gather(*calls)) == 1

    async def test_siblings_share_locks(self, backend: Backend) -> None:
        other = backend.sibling()
        await other.open()
        try:
            await take(backend, "a")
            assert await other.locks.acquire("leader", owner="b", ttl=TTL) is None
        finally:
            await other.close()
