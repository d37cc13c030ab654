"""headrace: durable background jobs for Python that start on one SQLite file.

    from headrace import Headrace

    app = Headrace("sqlite:///jobs.db")

    @app.task
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

Names are imported when they are first used, so that ``import headrace`` costs a program next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headrace._version import __version__

if TYPE_CHECKING:
    from headrace import errors
    from headrace.app import Headrace
    from headrace.config import WorkerConfig
    from headrace.engine.context import current_batch, current_job
    from headrace.engine.correlation import correlate, correlation_id
    from headrace.engine.inject import Inject
    from headrace.engine.middleware import Middleware
    from headrace.model.control import Cancel, Discard, Retry, Snooze
    from headrace.model.durations import days, hours, minutes, seconds
    from headrace.model.job import JobState
    from headrace.model.limits import Rate
    from headrace.model.queue import Retention
    from headrace.model.redaction import Secret
    from headrace.model.retry import ByException, Exponential, Fixed, Never
    from headrace.model.schedule import Schedule
    from headrace.model.unique import Unique
    from headrace.tasks import Blueprint, Call, JobHandle, Task, TaskDefaults

__all__ = [
    "Blueprint",
    "ByException",
    "Call",
    "Cancel",
    "Discard",
    "Exponential",
    "Fixed",
    "Headrace",
    "Inject",
    "JobHandle",
    "JobState",
    "Middleware",
    "Never",
    "Rate",
    "Retention",
    "Retry",
    "Schedule",
    "Secret",
    "Snooze",
    "Task",
    "TaskDefaults",
    "Unique",
    "WorkerConfig",
    "__version__",
    "correlate",
    "correlation_id",
    "current_batch",
    "current_job",
    "days",
    "errors",
    "hours",
    "minutes",
    "seconds",
]

_HOME = {
    "Blueprint": "tasks",
    "ByException": "model.retry",
    "Call": "tasks",
    "Cancel": "model.control",
    "Discard": "model.control",
    "Exponential": "model.retry",
    "Fixed": "model.retry",
    "Headrace": "app",
    "Inject": "engine.inject",
    "JobHandle": "tasks",
    "JobState": "model.job",
    "Middleware": "engine.middleware",
    "Never": "model.retry",
    "Rate": "model.limits",
    "Retention": "model.queue",
    "Retry": "model.control",
    "Schedule": "model.schedule",
    "Secret": "model.redaction",
    "Snooze": "model.control",
    "Task": "tasks",
    "TaskDefaults": "tasks",
    "Unique": "model.unique",
    "WorkerConfig": "config",
    "correlate": "engine.correlation",
    "correlation_id": "engine.correlation",
    "current_batch": "engine.context",
    "current_job": "engine.context",
    "days": "model.durations",
    "hours": "model.durations",
    "minutes": "model.durations",
    "seconds": "model.durations",
}


if not TYPE_CHECKING:  # A type checker knows the names above, and refuses all others.

    def __getattr__(name: str) -> Any:
        if name == "errors":
            return import_module("headrace.errors")
        home = _HOME.get(name)
        if home is None:
            message = f"module 'headrace' has no attribute {name!r}"
            raise AttributeError(message)
        value = globals()[name] = getattr(import_module(f"headrace.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
