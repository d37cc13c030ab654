"""What is known of tasks: by the app's own code, or by what workers have told the catalogue."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from headrace.app import Headrace
from headrace.app.catalogue import find_tasks
from headrace.model.catalogue import TaskRecord

FRESH_S = 5.0
"""The catalogue changes when workers start; a view may be behind for as long as that."""


class KnownTasks:
    """The catalogue's entries, read when they are needed and kept for a few seconds."""

    def __init__(self, app: Headrace) -> None:
        self._app = app
        self._records: dict[str, TaskRecord | None] = {}
        self._read_at = float("-inf")

    async def find(self, names: Iterable[str]) -> Mapping[str, TaskRecord]:
        """The entries of these tasks; those that nobody has told of are left out."""
        wanted = set(names)
        if time.monotonic() - self._read_at > FRESH_S:
            self._records.clear()
            self._read_at = time.monotonic()
        missing = sorted(wanted - self._records.keys())
        if missing:
            found = await find_tasks(self._app.backend.kv, missing)
            self._records.update({name: found.get(name) for name in missing})
        return {name: record for name in wanted if (record := self._records[name]) is not None}

    async def rules(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """What views of these tasks' jobs must not show: what the code says, and what workers have told."""
        wanted = set(names)
        records = await self.find(wanted)
        tasks = self._app.tasks
        return {
            name: tuple(
                {
                    *(tasks[name].redact if name in tasks else ()),
                    *(records[name].redact if name in records else ()),
                }
            )
            for name in wanted
        }
