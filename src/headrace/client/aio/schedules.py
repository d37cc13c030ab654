"""Schedules, over the network."""

from __future__ import annotations

import builtins
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, Unpack

from headrace.client.aio.sending import AsyncSender
from headrace.client.core.request import request
from headrace.client.core.scheduling import schedule_fields
from headrace.client.core.task_call import TaskCall
from headrace.model import reasons
from headrace.wire.base import Listed
from headrace.wire.schedules import (
    Backfill,
    CreateSchedule,
    FiringView,
    GetHistory,
    Instants,
    NextOccurrences,
    Occurrence,
    PauseSchedule,
    ResumeSchedule,
    ScheduleNamed,
    ScheduleView,
    SkipNext,
    Triggered,
    UpdateSchedule,
)

if TYPE_CHECKING:
    from headrace.tasks.schedules import ScheduleSettings

R = TypeVar("R")

PATH = "/v1/schedules/{name}"


class AsyncSchedules:
    """What ``client.schedules`` is: the names of ``app.schedules``, see :class:`~headrace.app.schedules.Schedules`."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def create(
        self, name: str, when: str | timedelta | datetime, call: TaskCall, **settings: Unpack[ScheduleSettings]
    ) -> ScheduleView:
        """Run ``call`` whenever ``when`` says: a cron expression or simple English, a timedelta, or once at a datetime.

        Raises ConfigError for a setting that cannot be, and UsageError where there is a schedule of that name.
        """
        message = CreateSchedule(name=name, **schedule_fields(when, call, settings))
        return await self._sender.send(request("POST", PATH, ScheduleView, message, name=name))

    async def update(
        self,
        name: str,
        *,
        when: str | timedelta | datetime | None = None,
        call: TaskCall | None = None,
        **settings: Unpack[ScheduleSettings],
    ) -> ScheduleView:
        """Change what is given; the rest stays. Raises UnknownSchedule, and UsageError for one declared in code."""
        message = UpdateSchedule(name=name, **schedule_fields(when, call, settings))
        return await self._sender.send(request("PATCH", PATH, ScheduleView, message, name=name))

    async def get(self, name: str) -> ScheduleView:
        """The schedule. Raises UnknownSchedule that lists near names."""
        return await self._sender.send(request("GET", PATH, ScheduleView, name=name))

    async def list(self) -> builtins.list[ScheduleView]:
        """Every schedule, by name."""
        found = await self._sender.send(request("GET", "/v1/schedules", Listed[ScheduleView]))
        return builtins.list(found.items)

    async def delete(self, name: str) -> None:
        """Delete a schedule with its history. Its jobs stay."""
        await self._sender.send(request("DELETE", PATH, ScheduleView, name=name))

    async def pause(self, name: str, *, reason: str = "") -> ScheduleView:
        """Let nothing fire until ``resume``."""
        return await self._ask("pause", ScheduleView, PauseSchedule(name=name, reason=reason), safe=True)

    async def resume(self, name: str, *, skip_missed: bool = False) -> ScheduleView:
        """Let it fire again. What was missed is treated by its ``misfire``, or forgotten with ``skip_missed``."""
        return await self._ask("resume", ScheduleView, ResumeSchedule(name=name, skip_missed=skip_missed), safe=True)

    async def trigger(self, name: str) -> str:
        """Enqueue a job of it now, beside its occurrences; answers the job's id."""
        found = await self._ask("trigger", Triggered, ScheduleNamed(name=name))
        return found.job_id

    async def skip_next(self, name: str, *, reason: str = reasons.SKIPPED) -> datetime:
        """Leave out the next occurrence; answers which that is."""
        found = await self._ask("skip", Instants, SkipNext(name=name, reason=reason))
        return found.instants[0]

    async def next(self, name: str, count: int = 5, *, start: datetime | None = None) -> builtins.list[Occurrence]:
        """The next occurrences; with ``start`` those from that instant on, also of the past."""
        message = NextOccurrences(name=name, count=count, start=start)
        found = await self._sender.send(request("GET", f"{PATH}/next", Listed[Occurrence], message, name=name))
        return builtins.list(found.items)

    async def history(self, name: str, *, limit: int = 50) -> builtins.list[FiringView]:
        """What became of past occurrences, the newest first."""
        message = GetHistory(name=name, limit=limit)
        found = await self._sender.send(request("GET", f"{PATH}/history", Listed[FiringView], message, name=name))
        return builtins.list(found.items)

    async def backfill(
        self, name: str, start: datetime, end: datetime, *, dry_run: bool = False
    ) -> builtins.list[datetime]:
        """Run the occurrences of the past from ``start`` until before ``end``; answers which those are."""
        message = Backfill(name=name, start=start, end=end, dry_run=dry_run)
        found = await self._ask("backfill", Instants, message, safe=dry_run)
        return builtins.list(found.instants)

    async def _ask(self, verb: str, reply: type[R], message: ScheduleNamed, *, safe: bool = False) -> R:
        asked = request("POST", f"{PATH}/{verb}", reply, message, safe=safe, name=message.name)
        return await self._sender.send(asked)
