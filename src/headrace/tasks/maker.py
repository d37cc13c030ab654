"""``@task``: what an app and a blueprint have in common, to make tasks of functions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ParamSpec, TypeVar, Unpack, overload

from headrace.tasks.define import TaskDecorator, TaskSettings
from headrace.tasks.task import Task

P = ParamSpec("P")
R = TypeVar("R")


class TaskMaker:
    """Offers the decorator; who inherits says what becomes of the task."""

    @overload
    def task(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def task(self, **settings: Unpack[TaskSettings]) -> TaskDecorator: ...
    def task(self, *function: Any, **settings: Any) -> Any:
        """Make a function a task: ``@app.task`` or ``@app.task(queue="mail", timeout=seconds(30))``.

        The settings are explained at :class:`~headrace.tasks.define.TaskSettings`. The function may be called as
        before. Raises ConfigError or UsageError for a setting or a function that cannot work.
        """
        if function:
            return self._define(function[0], settings)
        return lambda below: self._define(below, settings)

    def _define(self, function: Any, settings: Mapping[str, Any]) -> Task[Any, Any]:
        raise NotImplementedError
