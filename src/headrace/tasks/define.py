"""From a function and its settings to a task: the defaults, and the refusals a newcomer meets first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal, ParamSpec, Protocol, TypeVar, overload

from headrace.engine.runnable import ExecutorKind
from headrace.errors import ConfigError, UsageError
from headrace.model.batch import BatchOptions
from headrace.model.redaction import check_rules
from headrace.tasks.batches import refuse_process
from headrace.tasks.defaults import OF_JOBS, OF_RUNS, TaskDefaults, check_defaults
from headrace.tasks.naming import check_importable, check_task_name, default_name, module_of
from headrace.tasks.options import check_version
from headrace.tasks.ports import TaskHome
from headrace.tasks.schema import ArgumentsSchema
from headrace.tasks.task import BatchTask, Registration, Task

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class TaskSettings(TaskDefaults, total=False):
    """What ``@app.task(...)`` takes. The options of jobs are explained at :class:`~headrace.tasks.options.JobOptions`.

    name: what jobs carry and workers look for. Default: ``module.qualified_name``; for a script, its file's stem.
    retry: what happens after a failed attempt. Default: ``Exponential()``, five attempts.
    max_attempts: default: what ``retry`` says.
    executor: ``"loop"`` for an ``async def`` on the worker's event loop, ``"thread"`` for a ``def`` in a thread,
        ``"process"`` for a child process that can be killed. Default: by the function's kind.
    version: stored with each job; raise it when the meaning of the arguments changes, and see ``Task.upcast``.
    redact: paths into the arguments, and with ``return`` before them into the result, that views must not show.
    keep_result: False throws the returned value away.
    partition_by: the argument whose value, as text, is the ``partition`` of each job that is not given one.
    """

    name: str
    executor: Literal["loop", "thread", "process"]
    version: int
    redact: Sequence[str]
    partition_by: str


class TaskDecorator(Protocol):
    """What ``app.task(...)`` with settings answers: it makes a task of the function below it."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, R]: ...


class BatchTaskDecorator(Protocol):
    """What ``app.batch_task(...)`` answers: it makes a task of ``T`` of the function below it, which takes a list."""

    @overload
    def __call__(self, function: Callable[[list[T]], Coroutine[Any, Any, None]], /) -> BatchTask[T, None]: ...
    @overload
    def __call__(self, function: Callable[[list[T]], Coroutine[Any, Any, Sequence[R]]], /) -> BatchTask[T, R]: ...
    @overload
    def __call__(self, function: Callable[[list[T]], None], /) -> BatchTask[T, None]: ...
    @overload
    def __call__(self, function: Callable[[list[T]], Sequence[R]], /) -> BatchTask[T, R]: ...


_OF_TASKS = ("name", "executor", "version", "redact", "partition_by")


def define_task(
    function: Callable[..., Any],
    settings: Mapping[str, Any],
    *,
    home: TaskHome,
    prefix: str = "",
    batch: BatchOptions | None = None,
) -> Task[Any, Any]:
    """Make a task of ``function``. Raises ConfigError or UsageError that says what to write instead."""
    for setting in settings:
        if setting not in OF_JOBS and setting not in OF_RUNS and setting not in _OF_TASKS:
            every = sorted(OF_JOBS + OF_RUNS + _OF_TASKS)
            message = f"@app.task has no setting {setting!r}; there are: {', '.join(every)}"
            raise ConfigError(message)
    name = settings.get("name")
    if name is None:
        name = default_name(function)
        name = name.rpartition(".")[2] if prefix else name
    task_name = check_task_name(f"{prefix}{name}" if isinstance(name, str) else name)
    _refuse_what_cannot_be_a_task(task_name, function)
    is_async = inspect.iscoroutinefunction(function)
    executor = _choose_executor(task_name, settings.get("executor"), is_async)
    if executor is ExecutorKind.PROCESS:
        if batch is not None:
            refuse_process(task_name)
        check_importable(task_name, function)
    own = check_defaults("@app.task", {name: settings[name] for name in settings if name not in _OF_TASKS})
    registration = Registration(
        name=task_name,
        function=function,
        executor=executor,
        is_async=is_async,
        version=check_version("version", settings.get("version", 1)),
        reference=f"{module_of(function)}:{getattr(function, '__qualname__', task_name)}",
        schema=ArgumentsSchema(
            task_name, function, batch=batch is not None, redact=check_rules(settings.get("redact", ()))
        ),
        batch=batch,
        home=home,
        own=own,
        partition_by=_check_partition_by(task_name, function, settings.get("partition_by")),
    )
    return Task(registration) if batch is None else BatchTask(registration)


def _check_partition_by(task: str, function: Callable[..., Any], name: str | None) -> str | None:
    if name is None:
        return None
    parameters = inspect.signature(function).parameters
    if name not in parameters:
        known = ", ".join(parameters) or "none"
        raise ConfigError(f"partition_by of task {task!r} is one of its arguments ({known}); got {name!r}")
    return name


def _refuse_what_cannot_be_a_task(name: str, function: Any) -> None:
    if isinstance(function, Task):
        message = f"{function.name!r} is a task already; register the plain function, task.function, under a name"
        raise UsageError(message)
    if not callable(function) or isinstance(function, type):
        message = f"a task is a function; got {function!r}"
        raise UsageError(message)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message = f"{name} is a generator; a task returns its value. Collect the values in a list and return it"
        raise UsageError(message)


def _choose_executor(name: str, asked: Any, is_async: bool) -> ExecutorKind:
    if asked is None:
        return ExecutorKind.LOOP if is_async else ExecutorKind.THREAD
    if asked not in list(ExecutorKind):
        message = f"executor is 'loop', 'thread' or 'process'; got {asked!r}"
        raise ConfigError(message)
    executor = ExecutorKind(asked)
    if executor is ExecutorKind.LOOP and not is_async:
        message = (
            f"task {name!r} has executor='loop', but it is a plain def and would stop the worker's event loop while it "
            "runs. Make it an async def, or leave executor out to run it in a thread"
        )
        raise UsageError(message)
    return executor
