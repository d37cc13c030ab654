"""A blueprint: tasks declared in a module that does not know the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from headrace.errors import ConfigError, UsageError
from headrace.model.batch import BatchOptions
from headrace.model.payload import Codecs
from headrace.tasks.call import Call
from headrace.tasks.declared import Declaration
from headrace.tasks.defaults import TaskDefaults, check_defaults
from headrace.tasks.define import define_task
from headrace.tasks.handle import JobHandle
from headrace.tasks.maker import TaskMaker
from headrace.tasks.ports import TaskHome
from headrace.tasks.task import Task
from headrace.telemetry import Telemetry

if TYPE_CHECKING:
    from headrace.engine.surroundings import Surroundings

R = TypeVar("R")


class Blueprint(TaskMaker):
    """Tasks of one module, with defaults of their own; ``app.include(blueprint)`` gives them to an app.

    Until then they can be called as functions, and enqueuing one raises UsageError. A blueprint belongs to one app;
    tasks that are added after ``include`` are the app's at once.

    prefix: put before the names of the tasks, such as ``"mail."``. A task is then named by its function alone.
    The other settings are defaults for its tasks, see :class:`~headrace.tasks.defaults.TaskDefaults`.

    >>> from headrace.app import Headrace
    >>> mail = Blueprint(prefix="mail.", queue="mail")
    >>> @mail.task
    ... def send(to: str) -> None: ...
    >>> app = Headrace("memory://")
    >>> app.include(mail)
    >>> app.find_task("mail.send").defaults["queue"]
    'mail'
    """

    def __init__(self, *, prefix: str = "", **defaults: Unpack[TaskDefaults]) -> None:
        if not isinstance(prefix, str) or not (prefix.isprintable() or not prefix):
            message = f"prefix of a blueprint is printable text, such as 'mail.'; got {prefix!r}"
            raise ConfigError(message)
        self.prefix = prefix
        self._defaults = check_defaults("Blueprint", defaults)
        self._tasks: dict[str, Task[Any, Any]] = {}
        self._declarations: list[Declaration] = []
        self._app: TaskHome | None = None

    @property
    def tasks(self) -> Mapping[str, Task[Any, Any]]:
        """The tasks, by name."""
        return dict(self._tasks)

    @property
    def ready(self) -> bool:
        """True once an app has included it."""
        return self._app is not None

    @property
    def surroundings(self) -> Surroundings:
        """What the app gives to handlers. Raises UsageError until an app has included the blueprint."""
        return self._included().surroundings

    @property
    def telemetry(self) -> Telemetry:
        """The app's listeners. Raises UsageError until an app has included the blueprint."""
        return self._included().telemetry

    @property
    def codecs(self) -> Codecs:
        """The app's codecs. Raises UsageError until an app has included the blueprint."""
        return self._included().codecs

    @property
    def payload_limit(self) -> int:
        """The app's limit of a payload. Raises UsageError until an app has included the blueprint."""
        return self._included().payload_limit

    def layers(self) -> tuple[Mapping[str, Any], ...]:
        """The app's defaults, and over them the blueprint's."""
        return (*self._included().layers(), self._defaults)

    async def enqueue(self, call: Call[R]) -> JobHandle[R]:
        """Hand a call of one of its tasks to the app."""
        return await self._included().enqueue(call)

    def adopt(self, task: Task[Any, Any]) -> None:
        """Register a task: with the app, once there is one."""
        self._tasks[task.name] = task
        if self._app is not None:
            self._app.adopt(task)

    def declare(self, declaration: Declaration) -> None:
        """Take in a schedule of the code: it is the app's, once there is one."""
        if self._app is not None:
            self._app.declare(declaration)
        else:
            self._declarations.append(declaration)

    def attach(self, app: TaskHome) -> None:
        """Belong to ``app`` from now on; what ``app.include`` calls. Raises UsageError when it is another's."""
        if self._app is not None and self._app is not app:
            message = f"{self!r} is included in {self._app!r}; a blueprint belongs to one app"
            raise UsageError(message)
        self._app = app
        for task in self._tasks.values():
            task.settle()
            app.adopt(task)
        declarations, self._declarations = self._declarations, []
        for declaration in declarations:
            app.declare(declaration)

    def _define(self, function: Any, settings: Mapping[str, Any], batch: BatchOptions | None = None) -> Task[Any, Any]:
        task = define_task(function, settings, batch=batch, home=self, prefix=self.prefix)
        self.adopt(task)
        return task

    def _included(self) -> TaskHome:
        if self._app is None:
            names = ", ".join(self._tasks) or "no task yet"
            message = f"the blueprint of {names} belongs to no app yet. Include it first: app.include(blueprint)"
            raise UsageError(message)
        return self._app

    def __repr__(self) -> str:
        return f"<Blueprint {self.prefix!r} with {len(self._tasks)} tasks>"
