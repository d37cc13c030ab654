"""Migrations by a person's command: what would be done, doing it beside workers at work, and the way back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from headrace.backends.postgres.faults import translate
from headrace.backends.postgres.grants import grants
from headrace.backends.postgres.location import Location, masked
from headrace.backends.postgres.schema import MIGRATIONS, VERSION, Applied, applied, create, lock, note, noting, script
from headrace.errors import Unavailable, Unsupported
from headrace.storage.migrating import SchemaState, Step, Use

LOCK_WAIT_MS = 2_000
"""A statement that waits for a table makes all after it wait. It gives up soon, lets them by, and comes again."""

TRIES_MAX = 30
PAUSE_S_MAX = 1.0


class PostgresMigrator:
    """Each step in a transaction of its own, with what it did noted in the same one."""

    def __init__(
        self, location: Location, connect: Callable[[], Awaitable[Any]], *, lock_wait_ms: int = LOCK_WAIT_MS
    ) -> None:
        self._schema = location.schema
        self._where = masked(location.dsn)
        self._connect = connect
        self._lock_wait_ms = lock_wait_ms

    async def state(self) -> SchemaState:
        async with self._connection() as connection:
            return _state(await applied(connection, self._schema), self._schema)

    async def up(self, *, after: bool = False) -> list[str]:
        async with self._connection() as connection:
            state = _state(await applied(connection, self._schema), self._schema)
            if state.version == 0:
                await create(connection, self._schema)
                return [step.name for step in state.steps]
            pending = state.pending(after=after)
            return [step.name for step in pending if await self._patiently(connection, step, back=False)]

    async def down(self, *, to: int) -> list[str]:
        async with self._connection() as connection:
            state = _state(await applied(connection, self._schema), self._schema)
            back = [step for step in reversed(state.steps) if step.applied and step.number > to]
            for step in back:
                if not step.reversible:
                    raise Unsupported(
                        f"{step.name} has no way back: it would lose what is stored. Restore a backup, or go on"
                    )
            return [step.name for step in back if await self._patiently(connection, step, back=True)]

    async def dump(self, *, after: bool = False) -> str:
        state = await self.state()
        lines = [f"CREATE SCHEMA IF NOT EXISTS {self._schema};"] if state.version == 0 else []
        for step in state.pending(after=after or state.version == 0):
            lines += [
                f"-- {step.name}",
                "BEGIN;",
                f"SET LOCAL lock_timeout = '{self._lock_wait_ms}ms';",
                f"SELECT pg_advisory_xact_lock(hashtext('headrace {self._schema}'));",
                (script(step.name, self._schema) or "").rstrip(),
                *(f"{noting(self._schema, key, number)};" for key, number in _notes(step)),
                "COMMIT;",
            ]
        return "\n".join(lines)

    def grants(self, role: str, *, only: Use | None = None) -> str:
        return grants(self._schema, role, only=only)

    async def _patiently(self, connection: Any, step: Step, *, back: bool) -> bool:
        """Take one step, again and again while others hold what it needs. False: somebody else took it meanwhile."""
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._take(connection, step, back=back)
            except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(random.uniform(0.1, PAUSE_S_MAX))
        try:
            return await self._take(connection, step, back=back)
        except asyncpg.LockNotAvailableError as error:
            raise Unavailable(
                f"{step.name} did not get its locks in {TRIES_MAX} tries: 'headrace doctor' names sessions that keep "
                "transactions open; end them, or try at a quiet hour"
            ) from error

    async def _take(self, connection: Any, step: Step, *, back: bool) -> bool:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{self._lock_wait_ms:d}ms'")
            await lock(connection, self._schema)
            now = {
                each.name: each.applied for each in _state(await applied(connection, self._schema), self._schema).steps
            }
            if now[step.name] is not back:
                return False
            text = script(f"{step.name}.down" if back else step.name, self._schema)
            assert text is not None
            await connection.execute(text)
            if back:
                await note(connection, self._schema, "after" if step.when == "after" else "schema", step.number - 1)
            else:
                for key, number in _notes(step):
                    await note(connection, self._schema, key, number)
        return True

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await self._connect()
        try:
            yield connection
        except Exception as error:
            raise translate(error, self._where) from error
        finally:
            connection.terminate()


def _notes(step: Step) -> list[tuple[str, int]]:
    if step.when == "after":
        return [("after", step.number), ("oldest", step.number)]
    return [("schema", step.number)]


def _state(found: Applied, schema: str) -> SchemaState:
    steps = []
    for number, name in enumerate(MIGRATIONS, 1):
        back = script(f"{name}.down", schema) is not None
        steps.append(Step(name=name, number=number, when="before", applied=number <= found.version, reversible=back))
        if script(f"{name}.post", schema) is not None:
            back = script(f"{name}.post.down", schema) is not None
            steps.append(
                Step(name=f"{name}.post", number=number, when="after", applied=number <= found.after, reversible=back)
            )
    return SchemaState(version=found.version, wanted=VERSION, steps=tuple(steps))
