"""The schedules that stand in the code of an app, collected while its modules are imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from msgspec import structs

from headrace.errors import UsageError
from headrace.tasks.task import Task

if TYPE_CHECKING:
    from headrace.model.schedule import Schedule
    from headrace.tasks.schedules import When

P = ParamSpec("P")
R = TypeVar("R")


class ScheduleDecorator(Protocol):
    """What ``app.cron(...)`` and ``app.every(...)`` answer: it schedules the task below it, and answers that task."""

    def __call__(self, task: Task[P, R], /) -> Task[P, R]: ...


class DeclaredSchedules:
    """Schedules by their names. A worker stores them when it starts."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[Schedule, Task[Any, Any]]] = {}

    def schedules(self, now: datetime) -> list[Schedule]:
        """The schedules, as made now. Those that are stored already keep the age they have."""
        return [structs.replace(schedule, created_at=now, since=now) for schedule, _ in self._by_name.values()]

    def decorator(
        self,
        when: When,
        *,
        name: str | None,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> ScheduleDecorator:
        """What schedules the task that it is put above."""

        def schedule(task: Task[P, R], /) -> Task[P, R]:
            self._add(task, when, name, args, kwargs, settings)
            return task

        return schedule

    def _add(
        self,
        task: Task[Any, Any],
        when: When,
        name: str | None,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> None:
        # Imported here, because a program without schedules needs neither cron expressions nor time zones.
        from headrace.model.rules import EPOCH
        from headrace.model.schedule import Origin
        from headrace.tasks.schedules import define_schedule

        if not isinstance(task, Task):
            message = f"a schedule needs a task: put @app.task between it and the function; got {task!r}"
            raise UsageError(message)
        wanted = task.name if name is None else name
        made = define_schedule(wanted, when, task.call(*args, **kwargs), settings, origin=Origin.CODE, now=EPOCH)
        _, earlier = self._by_name.get(wanted, (made, None))
        # The same place in a module that was loaded again replaces what it declared before.
        if earlier is not None and (earlier is task or earlier.reference != task.reference):
            message = f"there is a schedule named {wanted!r} already, of {earlier!r}. Give one another: name='...'"
            raise UsageError(message)
        self._by_name[wanted] = (made, task)
