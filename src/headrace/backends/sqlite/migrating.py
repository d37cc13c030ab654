"""Migrations of a file by a person's command. Opening a file upgrades it as well: all its workers are on this host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import apsw

from headrace.backends.sqlite.schema import MIGRATIONS, VERSION, current_version, script
from headrace.errors import Unsupported
from headrace.storage.migrating import SchemaState, Step, Use


class SqliteMigrator:
    """All that is pending is applied in one transaction, when the file is opened."""

    def __init__(self, path: Path, upgrade: Callable[[], Awaitable[None]]) -> None:
        self._path = path
        self._upgrade = upgrade

    async def state(self) -> SchemaState:
        version = self._version()
        return SchemaState(
            version=version,
            wanted=VERSION,
            steps=tuple(
                Step(name=name, number=number, when="before", applied=number <= version)
                for number, name in enumerate(MIGRATIONS, 1)
            ),
        )

    async def up(self, *, after: bool = False) -> list[str]:
        pending = [step.name for step in (await self.state()).pending()]
        if pending:
            await self._upgrade()
        return pending

    async def down(self, *, to: int) -> list[str]:
        raise Unsupported("a file has no way back to an older schema: keep a copy of it before you upgrade headrace")

    async def dump(self, *, after: bool = False) -> str:
        pending = (await self.state()).pending()
        texts = [f"-- {step.name}\n{script(step.name).rstrip()}" for step in pending]
        return "\n".join(["BEGIN IMMEDIATE;", *texts, _noting(), "COMMIT;"]) if pending else ""

    def grants(self, role: str, *, only: Use | None = None) -> str:
        raise Unsupported("a file has no users of its own: who may read and write its folder decides")

    def _version(self) -> int:
        if not self._path.exists():
            return 0
        with closing(apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            return current_version(connection)


def _noting() -> str:
    return f"INSERT OR REPLACE INTO headrace_meta (key, value) VALUES ('schema', '{VERSION}');"
