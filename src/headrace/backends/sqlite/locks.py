"""Named locks. Their time to live is counted on the monotonic clock; fences of a name only grow.

A worker that is killed leaves its locks at once, not when their time is over: the kernel tells that it is gone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from headrace.backends.sqlite.liveness import Liveness
from headrace.backends.sqlite.times import duration_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.writer import Writer
from headrace.storage.locks import Lock


class SqliteLockStore:
    """One conditional statement a verb. A power cut voids every lock, so none waits for the disk."""

    def __init__(self, writer: Writer, liveness: Liveness) -> None:
        self._writer = writer
        self._liveness = liveness

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lock | None:
        def take(transaction: Transaction) -> int | None:
            gone = self._owner_if_dead(transaction, name)
            until = _until(transaction, ttl)
            values = _bindings(transaction, name=name, owner=owner, until=until, gone=gone)
            fence: int | None = transaction.value("acquire_lock", values)
            return fence

        fence = await self._writer.run(take, durable=False)
        return None if fence is None else Lock(name=name, owner=owner, fence=fence)

    async def renew(self, lock: Lock, *, ttl: timedelta) -> Lock | None:
        fence = await self._writer.run(
            lambda transaction: transaction.value(
                "renew_lock",
                _bindings(
                    transaction,
                    name=lock.name,
                    owner=lock.owner,
                    fence=lock.fence,
                    until=_until(transaction, ttl),
                ),
            ),
            durable=False,
        )
        return None if fence is None else lock

    async def release(self, lock: Lock) -> bool:
        fence = await self._writer.run(
            lambda transaction: transaction.value(
                "release_lock", _bindings(transaction, name=lock.name, owner=lock.owner, fence=lock.fence)
            ),
            durable=False,
        )
        return fence is not None

    def _owner_if_dead(self, transaction: Transaction, name: str) -> str | None:
        owner = transaction.value("lock_owner", (name,))
        _, dead = self._liveness.judge([] if owner is None else [owner])
        return owner if dead else None


def _bindings(transaction: Transaction, **values: Any) -> dict[str, Any]:
    return {**values, "mono": transaction.mono}


def _until(transaction: Transaction, ttl: timedelta) -> int:
    return transaction.mono + duration_us(ttl)
