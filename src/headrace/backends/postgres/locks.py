"""Named locks: one conditional statement a verb, on the clock of leases. Fences of a name only grow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from headrace.backends.postgres.session import Row, Runner, Session
from headrace.storage.locks import Lock


class PostgresLockStore:
    """Rows, not advisory locks: those belong to a session, and pgbouncer lends sessions out."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def acquire(self, name: str, *, owner: str, ttl: timedelta) -> Lock | None:
        async def verb(session: Session) -> Sequence[Row]:
            return await session.rows("acquire_lock", name, owner, session.mono, ttl)

        rows = await self._runner.run(verb)
        return Lock(name=name, owner=owner, fence=rows[0][0]) if rows else None

    async def renew(self, lock: Lock, *, ttl: timedelta) -> Lock | None:
        async def verb(session: Session) -> Sequence[Row]:
            return await session.rows("renew_lock", lock.name, lock.owner, lock.fence, session.mono, ttl)

        return lock if await self._runner.run(verb) else None

    async def release(self, lock: Lock) -> bool:
        async def verb(session: Session) -> Sequence[Row]:
            return await session.rows("release_lock", lock.name, lock.owner, lock.fence, session.mono)

        return bool(await self._runner.run(verb))
