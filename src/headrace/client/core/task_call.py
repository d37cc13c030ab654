"""A task's name with arguments and options: what a client can enqueue without the task's code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Unpack

from msgspec import Struct, structs

from headrace.errors import ConfigError, UsageError
from headrace.model.ids import new_job_id
from headrace.model.limits import Rate, format_rate
from headrace.model.unique import Unique
from headrace.wire.jobs import SubmitJob, UniqueRule

if TYPE_CHECKING:
    from headrace.tasks.options import JobOptions

_NO_OPTIONS = ("task", "args")
_OPTIONS = tuple(name for name in SubmitJob.__struct_fields__ if name not in _NO_OPTIONS)


class TaskCall(Struct, frozen=True):
    """What :func:`call` makes. ``options`` gives another one, with options of the job."""

    task: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}
    given: Mapping[str, Any] = {}
    version: int | None = None

    def of_version(self, version: int) -> TaskCall:
        """The same with arguments that are written, by name, for another version of the task than its newest."""
        return structs.replace(self, version=version)

    def options(self, **options: Unpack[JobOptions]) -> TaskCall:
        """The same with options: those of :class:`~headrace.tasks.options.JobOptions`, but ``codec``.

        Raises ConfigError for one that there is not.
        """
        for name in options:
            if name not in _OPTIONS:
                raise ConfigError(f"there is no option {name!r} over HTTP; there are: {', '.join(_OPTIONS)}")
        return structs.replace(self, given={**self.given, **options})

    def message(self) -> SubmitJob:
        """What is sent. The job has an id already, so that sending it again stores no second one."""
        if self.args and self.kwargs:
            raise UsageError(
                f"arguments of {self.task} cross HTTP by position or by name, not both; got {len(self.args)} by "
                f"position and {', '.join(self.kwargs)} by name"
            )
        options = {name: _plain(name, value) for name, value in self.given.items()}
        if options.get("job_id") is None:
            options["job_id"] = new_job_id()
        if self.version is not None:
            options["version"] = self.version
        return SubmitJob(task=self.task, args=list(self.args) if self.args else dict(self.kwargs), **options)


def call(task: str, /, *args: Any, **kwargs: Any) -> TaskCall:
    """A call of a task by its name: ``client.enqueue(call("greet", "Ada").options(queue="mail"))``.

    Arguments are given by position or by name, not both. What cannot be is told by the server: an unknown task, or
    arguments that do not fit it.

    >>> call("greet", name="Ada").options(priority="high").message().priority
    'high'
    """
    return TaskCall(task, args, kwargs)


def as_call(task: str | TaskCall, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> TaskCall:
    """The call that ``enqueue`` was given, in either of its forms."""
    if isinstance(task, TaskCall):
        if args or kwargs:
            raise UsageError(f"the call of {task.task} has its arguments already; give them to call(...)")
        return task
    return TaskCall(task, args, kwargs)


def seconds_text(length: timedelta) -> str:
    """A length of time as the service reads it, exact to the microsecond.

    >>> seconds_text(timedelta(minutes=1.5)), seconds_text(timedelta(microseconds=250))
    ('90s', '0.00025s')
    """
    return f"{length.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, timedelta):
        return seconds_text(value)
    if isinstance(value, Unique):
        return UniqueRule(
            key=value.key,
            by=None if value.by is None else sorted(value.by),
            states=sorted(value.states),  # type: ignore[arg-type]
            period=None if value.period is None else seconds_text(value.period),
            on_conflict=value.on_conflict,
        )
    return list(value) if name == "tags" else value


def plain_option(value: Any) -> Any:
    """An option of a queue or a limit as it is sent. Raises ConfigError."""
    if isinstance(value, timedelta):
        return seconds_text(value)
    if isinstance(value, Rate):
        return format_rate(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ConfigError(f"an option of a queue or a limit cannot be {value!r}")
