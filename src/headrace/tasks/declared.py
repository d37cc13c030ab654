"""The schedules that stand in the code, collected while its modules are imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, TypeVar, Unpack

from msgspec import structs

from headrace.errors import UsageError
from headrace.tasks.task import Task

if TYPE_CHECKING:
    from headrace.model.schedule import Schedule
    from headrace.tasks.schedules import ScheduleSettings, When

P = ParamSpec("P")
R = TypeVar("R")


class ScheduleDecorator(Protocol):
    """What ``app.cron(...)`` and ``app.every(...)`` answer: it schedules the task below it, and answers that task."""

    def __call__(self, task: Task[P, R], /) -> Task[P, R]: ...


class Declaration(NamedTuple):
    """A schedule as it is written above a task."""

    task: Task[Any, Any]
    when: When
    name: str | None
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    settings: Mapping[str, Any]


class ScheduleMaker:
    """Offers the decorators; who inherits says what becomes of a declaration."""

    def cron(
        self,
        when: str,
        *,
        name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **settings: Unpack[ScheduleSettings],
    ) -> ScheduleDecorator:
        """Run the task below by the wall clock: put ``@app.cron("0 3 * * *", timezone="Europe/Paris")`` on top.

        ``when`` is a cron expression or simple English, such as ``"every weekday at 9:00"``. ``name`` is the
        schedule's, the task's unless given. ``args`` and ``kwargs`` are the task's arguments. The settings are
        explained at :class:`~headrace.tasks.schedules.ScheduleSettings`. It fires while a worker of this app runs.
        """
        return self._decorator(when, name, args, kwargs or {}, settings)

    def every(
        self,
        step: timedelta,
        *,
        name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **settings: Unpack[ScheduleSettings],
    ) -> ScheduleDecorator:
        """Run the task below at an interval: put ``@app.every(minutes(10))`` above ``@app.task``. See ``cron``."""
        return self._decorator(step, name, args, kwargs or {}, settings)

    def declare(self, declaration: Declaration) -> None:
        """Take in a schedule of the code. What the decorators and blueprints call."""
        raise NotImplementedError

    def _decorator(
        self,
        when: When,
        name: str | None,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> ScheduleDecorator:
        # Imported here, because a program without schedules needs neither cron expressions nor time zones.
        from headrace.tasks.schedules import check_settings

        check_settings(when, settings)

        def schedule(task: Task[P, R], /) -> Task[P, R]:
            if not isinstance(task, Task):
                message = f"a schedule needs a task: put @app.task between it and the function; got {task!r}"
                raise UsageError(message)
            self.declare(Declaration(task, when, name, args, kwargs, settings))
            return task

        return schedule


class DeclaredSchedules:
    """The schedules of an app, by their names. A worker stores them when it starts."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[Schedule, Task[Any, Any]]] = {}

    def schedules(self, now: datetime) -> list[Schedule]:
        """The schedules, as made now. Those that are stored already keep the age they have."""
        return [structs.replace(schedule, created_at=now, since=now) for schedule, _ in self._by_name.values()]

    def add(self, declaration: Declaration) -> None:
        """Take a schedule in. Raises ConfigError, InvalidArguments, and UsageError for a name that is taken."""
        from headrace.model.rules import EPOCH
        from headrace.model.schedule import Origin
        from headrace.tasks.schedules import define_schedule

        task, when, name, args, kwargs, settings = declaration
        wanted = task.name if name is None else name
        made = define_schedule(wanted, when, task.call(*args, **kwargs), settings, origin=Origin.CODE, now=EPOCH)
        _, earlier = self._by_name.get(wanted, (made, None))
        # The same place in a module that was loaded again replaces what it declared before.
        if earlier is not None and (earlier is task or earlier.reference != task.reference):
            message = f"there is a schedule named {wanted!r} already, of {earlier!r}. Give one another: name='...'"
            raise UsageError(message)
        self._by_name[wanted] = (made, task)
