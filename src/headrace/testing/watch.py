"""What a harness sees of handlers while they run: their exceptions, and the points at which their worker is to die."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, cast

from headrace.app import Headrace
from headrace.app.registry import TaskRegistry
from headrace.engine.context import running_batch, running_here
from headrace.engine.execution import Execution, Interruption
from headrace.engine.runnable import ExecutorKind
from headrace.model.ids import JobId
from headrace.tasks.task import Task
from headrace.testing.crash_points import CrashPlan, Tracer, WorkerDied


class Watch:
    """Shared by all attempts of one harness."""

    def __init__(self) -> None:
        self.raised: dict[JobId, BaseException] = {}
        self.plans: list[CrashPlan] = []

    @contextmanager
    def over(self, task: Task[Any, Any]) -> Iterator[Tracer]:
        """Watch one attempt: follow its lines where a plan says so, and keep what it raises."""
        plan = self._take_plan(task.name)
        try:
            with Tracer(task.function, plan) as tracer:
                yield tracer
        except BaseException as error:
            self._note(error)
            raise

    def _take_plan(self, task: str) -> CrashPlan | None:
        """The first plan that waits for an attempt of this task."""
        for plan in self.plans:
            if plan.task in (None, task):
                self.plans.remove(plan)
                return plan
        return None

    def _note(self, error: BaseException) -> None:
        for run in cast("Sequence[Execution]", running_batch.get() or [running_here.get()]):
            if isinstance(error, WorkerDied):
                # Nothing of this attempt may be stored: the executor takes it for one whose lease is lost.
                run.interruption = Interruption.LOST
            else:
                self.raised[run.job.id] = error


class WatchedTask:
    """A task as the harness's worker sees it: its own, with a handler that is watched.

    A handler of ``executor="process"`` runs in a thread here, so that patches and crash points reach it.
    """

    def __init__(self, task: Task[Any, Any], watch: Watch) -> None:
        self._task = task
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    @property
    def executor(self) -> ExecutorKind:
        """On the loop or in a thread."""
        return ExecutorKind.THREAD if self._task.executor is ExecutorKind.PROCESS else self._task.executor

    @property
    def function(self) -> Callable[..., Any]:
        """The handler, watched."""
        task, watch = self._task, self._watch

        @wraps(task.function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            with watch.over(task) as tracer:
                value = await task.function(*args, **kwargs)
                tracer.returned()
            return value

        @wraps(task.function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with watch.over(task) as tracer:
                value = task.function(*args, **kwargs)
                tracer.returned()
            return value

        return run_async if self._task.is_async else run


class WatchedRegistry(TaskRegistry):
    """The tasks of an app as it knows them at each moment, watched."""

    def __init__(self, app: Headrace, watch: Watch) -> None:
        super().__init__()
        self._app = app
        self._watch = watch

    def find(self, name: str) -> Task[Any, Any] | None:
        """The task of that name, watched, or None."""
        task = self._app.tasks.get(name)
        return None if task is None else cast("Task[Any, Any]", WatchedTask(task, self._watch))

    def names(self) -> list[str]:
        """The names of all tasks, sorted."""
        return sorted(self._app.tasks)

    def __iter__(self) -> Iterator[Task[Any, Any]]:
        return iter(list(self._app.tasks.values()))

    def __len__(self) -> int:
        return len(self._app.tasks)
