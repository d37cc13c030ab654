"""Schedules of a server."""

from __future__ import annotations

import builtins
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from headrace.cli.remote import models
from headrace.cli.remote.calls import schedule_call
from headrace.model import reasons
from headrace.model.rules import Planned
from headrace.model.schedule import Firing, Schedule

if TYPE_CHECKING:
    from headrace.client import AsyncClient, AsyncRemoteJob
    from headrace.tasks.call import Call


class RemoteSchedules:
    """What commands ask of ``app.schedules``."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(self, name: str, when: str | timedelta | datetime, call: Call[Any], **settings: Any) -> Schedule:
        """Make a schedule."""
        return models.schedule(await self._client.schedules.create(name, when, schedule_call(call), **settings))

    async def update(self, name: str, *, call: Call[Any] | None = None, **settings: Any) -> Schedule:
        """Change a schedule."""
        wanted = None if call is None else schedule_call(call)
        return models.schedule(await self._client.schedules.update(name, call=wanted, **settings))

    async def get(self, name: str) -> Schedule:
        """The schedule."""
        return models.schedule(await self._client.schedules.get(name))

    async def list(self) -> builtins.list[Schedule]:
        """Every schedule."""
        return [models.schedule(view) for view in await self._client.schedules.list()]

    async def delete(self, name: str) -> None:
        """Delete a schedule."""
        await self._client.schedules.delete(name)

    async def pause(self, name: str, *, reason: str = "") -> Schedule:
        """Let nothing fire."""
        return models.schedule(await self._client.schedules.pause(name, reason=reason))

    async def resume(self, name: str, *, skip_missed: bool = False) -> Schedule:
        """Let it fire again."""
        return models.schedule(await self._client.schedules.resume(name, skip_missed=skip_missed))

    async def trigger(self, name: str) -> AsyncRemoteJob:
        """Enqueue its job now."""
        return self._client.job(await self._client.schedules.trigger(name))

    async def skip_next(self, name: str, *, reason: str = reasons.SKIPPED) -> datetime:
        """Leave the next occurrence out."""
        return await self._client.schedules.skip_next(name, reason=reason)

    async def next(self, name: str, count: int = 5, *, start: datetime | None = None) -> builtins.list[Planned]:
        """The next occurrences, or those from ``start`` on."""
        return [models.planned(view) for view in await self._client.schedules.next(name, count, start=start)]

    async def history(self, name: str, *, limit: int = 50) -> builtins.list[Firing]:
        """What became of past occurrences."""
        return [models.firing(view) for view in await self._client.schedules.history(name, limit=limit)]

    async def backfill(
        self, name: str, start: datetime, end: datetime, *, dry_run: bool = False
    ) -> builtins.list[datetime]:
        """Run occurrences of the past."""
        return await self._client.schedules.backfill(name, start, end, dry_run=dry_run)
