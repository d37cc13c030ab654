"""``@task``: what an app and a blueprint have in common, to make tasks of functions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar, Unpack, overload

from headrace.model.batch import BATCH_SIZE_DEFAULT, BATCH_WAIT_DEFAULT, BatchOptions
from headrace.tasks.declared import ScheduleMaker
from headrace.tasks.define import BatchTaskDecorator, TaskDecorator, TaskSettings
from headrace.tasks.task import Task

P = ParamSpec("P")
R = TypeVar("R")


class TaskMaker(ScheduleMaker):
    """Offers the decorators; who inherits says what becomes of the task."""

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

    def batch_task(
        self,
        *,
        size: int = BATCH_SIZE_DEFAULT,
        wait: timedelta = BATCH_WAIT_DEFAULT,
        **settings: Unpack[TaskSettings],
    ) -> BatchTaskDecorator:
        """Make a task of a function that handles several jobs in one call: ``@app.batch_task(size=100)``.

        The function takes a list of items; each job is enqueued with one of them. It is called with up to ``size``, or
        with what has come ``wait`` after the first, and answers a list with a result or an exception for each, or None
        when all succeeded. What it raises, each of them has failed with. Every job keeps its own lease, attempts and
        retries. A batch holds one of the queue's slots.
        """
        batch = BatchOptions(size=size, wait=wait)
        return lambda below: self._define(below, settings, batch)  # type: ignore[return-value]

    def _define(self, function: Any, settings: Mapping[str, Any], batch: BatchOptions | None = None) -> Task[Any, Any]:
        raise NotImplementedError
