"""``app.sync.schedules``: schedules for code without an event loop."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from headrace.app.schedules import Schedules
from headrace.app.sync_handle import SyncJobHandle
from headrace.model import reasons
from headrace.model.rules import Planned
from headrace.model.schedule import Firing, Schedule
from headrace.tasks.call import Call
from headrace.tasks.schedules import ScheduleSettings, When

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

T = TypeVar("T")


class SyncSchedules:
    """The methods of :class:`~headrace.app.schedules.Schedules`; each blocks its thread until it is done."""

    def __init__(self, desk: SyncDesk) -> None:
        self._desk = desk

    def create(self, name: str, when: When, call: Call[Any], **settings: Unpack[ScheduleSettings]) -> Schedule:
        """Run ``call`` whenever ``when`` says. See ``Schedules.create``."""
        return self._run(lambda schedules: schedules.create(name, when, call, **settings))

    def update(
        self,
        name: str,
        *,
        when: When | None = None,
        call: Call[Any] | None = None,
        **settings: Unpack[ScheduleSettings],
    ) -> Schedule:
        """Change what is given; the rest stays. See ``Schedules.update``."""
        return self._run(lambda schedules: schedules.update(name, when=when, call=call, **settings))

    def get(self, name: str) -> Schedule:
        """The schedule. Raises UnknownSchedule that lists near names."""
        return self._run(lambda schedules: schedules.get(name))

    def list(self) -> builtins.list[Schedule]:
        """Every schedule, by name."""
        return self._run(lambda schedules: schedules.list())

    def delete(self, name: str) -> None:
        """Delete a schedule with its history. Its jobs stay."""
        self._run(lambda schedules: schedules.delete(name))

    def pause(self, name: str, *, reason: str = "") -> Schedule:
        """Let nothing fire until ``resume``."""
        return self._run(lambda schedules: schedules.pause(name, reason=reason))

    def resume(self, name: str, *, skip_missed: bool = False) -> Schedule:
        """Let it fire again. See ``Schedules.resume``."""
        return self._run(lambda schedules: schedules.resume(name, skip_missed=skip_missed))

    def trigger(self, name: str) -> SyncJobHandle[Any]:
        """Enqueue its job now, beside what is planned."""
        return SyncJobHandle(self._desk, self._run(lambda schedules: schedules.trigger(name)))

    def skip_next(self, name: str, *, reason: str = reasons.SKIPPED) -> datetime:
        """Leave out the next occurrence that is not left out yet, and answer its instant."""
        return self._run(lambda schedules: schedules.skip_next(name, reason=reason))

    def next(self, name: str, count: int = 5, *, start: datetime | None = None) -> builtins.list[Planned]:
        """The next occurrences, or those from ``start`` on, with what is remarkable about them."""
        return self._run(lambda schedules: schedules.next(name, count, start=start))

    def history(self, name: str, *, limit: int = 50) -> builtins.list[Firing]:
        """What became of the latest occurrences, the newest first."""
        return self._run(lambda schedules: schedules.history(name, limit=limit))

    def backfill(self, name: str, start: datetime, end: datetime, *, dry_run: bool = False) -> builtins.list[datetime]:
        """Run the occurrences of the past that have not run. See ``Schedules.backfill``."""
        return self._run(lambda schedules: schedules.backfill(name, start, end, dry_run=dry_run))

    def _run(self, ask: Callable[[Schedules], Coroutine[Any, Any, T]]) -> T:
        return self._desk.ask(lambda desk: ask(desk.schedules))
