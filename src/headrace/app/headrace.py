"""Headrace: the registry of tasks and the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from headrace.app.backends import make_backend
from headrace.app.desk import JobDesk, MakeSettlement
from headrace.app.limiting import QueueDeclarations, QueueOptions
from headrace.app.naming import call_known, call_told
from headrace.app.registry import TaskRegistry
from headrace.app.settlement import Settlement
from headrace.app.surrounding import Surrounding
from headrace.config import WorkerConfig, check_queue_name
from headrace.errors import ConfigError, UsageError
from headrace.model.batch import BatchOptions
from headrace.model.job import QUEUE_DEFAULT
from headrace.model.payload import Codec, Codecs
from headrace.storage.backend import Backend
from headrace.tasks.blueprint import Blueprint
from headrace.tasks.call import Call
from headrace.tasks.declared import Declaration, DeclaredSchedules
from headrace.tasks.defaults import TaskDefaults, check_defaults
from headrace.tasks.define import define_task
from headrace.tasks.maker import TaskMaker
from headrace.tasks.task import Task
from headrace.telemetry import Telemetry

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk
    from headrace.app.webhooks.webhooks import Webhooks
    from headrace.app.worker import AppWorker, WorkerSettings
    from headrace.engine.dead_watch import DeadAlarm, DeadDepth
    from headrace.model.schedule import Schedule

DeadHandler = TypeVar("DeadHandler", bound="Callable[[DeadDepth], Awaitable[None] | None]")

URL_DEFAULT = "sqlite:///headrace.db"


class Headrace(JobDesk, Surrounding, TaskMaker):
    """An app: its tasks, its store, and everything that can be asked of them.

    Making one opens nothing; ``async with app:`` does, or ``await app.open()``. An app is used on one event loop at a
    time; for threads and programs without a loop there is ``app.sync``.

    url: where the jobs live: ``sqlite:////var/lib/jobs.db``, ``postgresql://host/db`` or ``memory://``. Without one it
        is ``sqlite:///headrace.db``; the environment and the project's file are read by :meth:`from_config` alone.
    backend: a ready-made backend, instead of a URL.
    worker: how workers work, where ``app.worker(...)`` does not say otherwise.
    payload_limit: the largest encoded arguments or result, in bytes. Default and maximum: what the store takes.
    codecs: codecs of your own, beside ``json`` and ``msgpack``.
    telemetry: who listens to what happens; attach listeners to ``app.telemetry``.
    defaults: settings for all tasks that do not say otherwise, see :class:`~headrace.tasks.defaults.TaskDefaults`.

    >>> import asyncio
    >>> app = Headrace("memory://")
    >>> @app.task(name="greet", queue="mail")
    ... async def greet(name: str) -> str:
    ...     return f"Hello, {name}!"
    >>> async def main() -> None:
    ...     async with app:
    ...         job = await greet.enqueue("Ada")
    ...         print(await job.state(), await app.counts())
    >>> asyncio.run(main())
    queued [JobCount(queue='mail', state=<JobState.QUEUED: 'queued'>, count=1)]
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        backend: Backend | None = None,
        worker: WorkerConfig | None = None,
        payload_limit: int | None = None,
        codecs: Iterable[Codec] = (),
        telemetry: Telemetry | None = None,
        defaults: TaskDefaults | None = None,
    ) -> None:
        if url is not None and backend is not None:
            message = f"give a url or a backend, not both; got backend={backend!r} as well"
            raise ConfigError(message)
        self._url = URL_DEFAULT if url is None and backend is None else url
        chosen = backend if backend is not None else make_backend(self._url or URL_DEFAULT)
        Surrounding.__init__(self)
        JobDesk.__init__(
            self,
            chosen,
            TaskRegistry(),
            Codecs(codecs),
            telemetry or Telemetry(),
            middleware=self._surroundings.middleware,
        )
        self._payload_limit = _check_payload_limit(payload_limit, chosen.capabilities.max_payload)
        self._worker_config = worker or WorkerConfig()
        self._declared = DeclaredSchedules()
        self._defaults = check_defaults("Headrace(defaults=...)", defaults or {})
        self._dead_alarms: list[DeadAlarm] = []
        self._declarations = QueueDeclarations()

    @classmethod
    def from_config(cls, folder: Path | None = None, *, profile: str | None = None, **settings: Any) -> Self:
        """An app with the store and the worker settings that are written down for it.

        The sources, the strongest first: ``settings``, which are the arguments of ``Headrace``; the environment; the
        project file in ``folder`` (default: the working folder) or above it; the profile. Raises ConfigError that names
        the key, the value and the place of the first problem.
        """
        from headrace.config.load import load

        found = load(folder, profile=profile).settings
        if "backend" not in settings:
            settings.setdefault("url", found.store)
        settings.setdefault("worker", found.worker)
        return cls(**settings)

    def include(self, *blueprints: Blueprint) -> None:
        """Take in the tasks of blueprints, those that are there and those to come. Doing it again changes nothing.

        Raises UsageError for a blueprint of another app, or a name that is taken.
        """
        for blueprint in blueprints:
            if not isinstance(blueprint, Blueprint):
                message = f"include takes blueprints, such as Blueprint(queue='mail'); got {blueprint!r}"
                raise UsageError(message)
            blueprint.attach(self)
        self._note_module(2)

    def declare(self, declaration: Declaration) -> None:
        """Take in a schedule of the code. What the decorators and blueprints call."""
        self._declared.add(declaration)

    def declared_schedules(self) -> list[Schedule]:
        """The schedules that the code declares, as a worker that starts now would store them for the first time."""
        return self._declared.schedules(self._backend.clock.now())

    def queue(self, name: str, **options: Unpack[QueueOptions]) -> None:
        """Declare limits and order of a queue, next to the tasks: ``app.queue("mail", concurrency=20, rate="100/s")``.

        A worker puts them into the store when it starts, unless the same was declared the last time: what was changed
        since by ``configure_queue`` or a command stays until the declaration changes. Options that are left out are
        left alone. The options are explained at :class:`~headrace.app.limiting.QueueOptions`.
        Raises ConfigError for a wrong option, and for a queue that is declared twice.
        """
        self._declarations.add(name, options)

    @property
    def declared_queues(self) -> QueueDeclarations:
        """What ``queue`` was told, to be put into the store."""
        return self._declarations

    @property
    def tasks(self) -> Mapping[str, Task[Any, Any]]:
        """The registered tasks, by name."""
        return {task.name: task for task in self._registry}

    def find_task(self, name: str) -> Task[Any, Any]:
        """The task of that name. Raises UnknownTask that lists near names."""
        return self._registry.get(name)

    async def call_by_name(
        self, name: str, arguments: Mapping[str, Any] | Sequence[Any] = (), *, version: int | None = None
    ) -> Call[Any]:
        """A call of the task of that name with plain data, as JSON has it: by name in a mapping, or by position.

        For requests, files and other languages. Arguments are checked by the task's code where this app has it, or
        else by what its workers told the store. ``version`` is an older one, for which they are written; workers bring
        them to theirs. Raises UnknownTask that lists near names, InvalidArguments, TooLarge.

        >>> import asyncio
        >>> app = Headrace("memory://")
        >>> @app.task(name="greet")
        ... def greet(name: str) -> None: ...
        >>> asyncio.run(app.call_by_name("greet", {"name": "Ada"}))
        <Call greet('Ada')>
        """
        return await self._make_call(self, name, arguments, version)

    @property
    def worker_config(self) -> WorkerConfig:
        """How this app's workers work where ``worker(...)`` does not say otherwise."""
        return self._worker_config

    def on_dead(self, *, depth: int, queue: str | None = None) -> Callable[[DeadHandler], DeadHandler]:
        """Call a function when ``queue``, or without one all queues together, has ``depth`` dead jobs or more.

        ``@app.on_dead(queue="mail", depth=100)`` above ``async def page(found: DeadDepth)``, or ``def``. It is called
        within seconds by the worker that leads, on its event loop: once, and again after the number was below it.
        Raises ConfigError for a depth below 1.
        """
        if queue is not None:
            check_queue_name(queue)
        if type(depth) is not int or depth < 1:
            message = f"depth is a number of dead jobs, at least 1; got {depth!r}"
            raise ConfigError(message)

        def add(tell: DeadHandler) -> DeadHandler:
            from headrace.engine.dead_watch import DeadAlarm

            self._dead_alarms.append(DeadAlarm(queue=queue, depth=depth, tell=tell))
            return tell

        return add

    @property
    def webhooks(self) -> Webhooks:
        """Endpoints that are told of job events: add, look at, pause and test them."""
        from headrace.app.webhooks.webhooks import Webhooks

        return Webhooks(self, self._worker_config.webhook_networks)

    def use_store(self, url: str) -> None:
        """Live at another place from now on, as ``headrace worker --store URL`` does. Only while nothing is open.

        Raises UsageError when the app is open, and ConfigError for a URL that no backend serves.
        """
        self._refuse_while_in_use("use_store")
        self._live_in(make_backend(url))
        self._url = url

    @contextmanager
    def moved_to(self, backend: Backend, *, make_settlement: MakeSettlement = Settlement) -> Iterator[None]:
        """Live in another backend until the block ends, and then where it lived before: for tests.

        The tasks stay as they are, and what code holds of the app (tasks, ``app.sync``) moves with it. ``backend``
        stays the caller's to close. ``make_settlement`` makes what waits for results; see
        :class:`~headrace.testing.AppHarness`, which moves an app onto a store in memory.
        Raises UsageError when the app is open.
        """
        self._refuse_while_in_use("moved_to")
        before = self._backend, self._payload_limit, self._make_settlement
        self._live_in(backend)
        self._make_settlement = make_settlement
        try:
            yield
        finally:
            if "sync" in self.__dict__:
                self.sync.close()
            # Left open, it was open on an event loop that may be gone by now, with all that waited there.
            self._settlement = None
            self._backend, self._payload_limit, self._make_settlement = before
            self._batcher = self._make_batcher()

    def worker(
        self, queues: Mapping[str, int] | Iterable[str] | None = None, **settings: Unpack[WorkerSettings]
    ) -> AppWorker:
        """A worker of this app, not yet started: ``async with app, app.worker(queues={"mail": 10}):``.

        ``queues`` says how many jobs of each run at once; a list of names gives each ten. Without it, and where the
        app's own worker config names none, every queue that a task names is served. The other settings are the fields
        of :class:`~headrace.config.WorkerConfig`. A worker that is started before its app opens it, and then closes it
        when it has stopped.
        """
        # Imported here, because a program that only enqueues needs none of what runs jobs.
        from headrace.app.worker import AppWorker, worker_config

        return AppWorker(
            self,
            self._backend,
            self._registry,
            worker_config(self._worker_config, self.task_queues() if queues is None else queues, settings),
            self._surroundings,
            queues=self._declarations,
            schedules=self.declared_schedules(),
            dead_alarms=self._dead_alarms,
        )

    def task_queues(self) -> list[str] | None:
        """Every queue that a task of this app names, or None where the app's own worker config says what is served.

        No job is to wait because its queue was forgotten where the worker is made.
        """
        if self._worker_config.queues != WorkerConfig().queues or not self._registry.names():
            return None
        return sorted({str(task.defaults.get("queue", QUEUE_DEFAULT)) for task in self.tasks.values()})

    @cached_property
    def sync(self) -> SyncDesk:
        """The same for code without an event loop: scripts, ``def`` handlers, Django and Flask views, any thread."""
        from headrace.app.sync import SyncDesk

        return SyncDesk(self._make_sibling_desk, self._make_call, webhook_networks=self._worker_config.webhook_networks)

    def _refuse_while_in_use(self, verb: str) -> None:
        if self.is_open or ("sync" in self.__dict__ and self.sync.is_open):
            message = f"{verb} changes the store of an app that nobody uses now; this one is in use: {self!r}. Close it"
            raise UsageError(message)

    def _live_in(self, backend: Backend) -> None:
        self._backend = backend
        self._payload_limit = min(self._payload_limit, backend.capabilities.max_payload)
        self._batcher = self._make_batcher()

    @property
    def url(self) -> str | None:
        """The URL of the store as it was given, with its password; None where the app was made of a backend."""
        return self._url

    @property
    def ready(self) -> bool:
        """True: tasks of an app can be enqueued once the app is open."""
        return True

    @property
    def codecs(self) -> Codecs:
        """The codecs that arguments and results can be stored in."""
        return self._codecs

    @property
    def payload_limit(self) -> int:
        """The largest encoded arguments or result, in bytes."""
        return self._payload_limit

    def layers(self) -> tuple[Mapping[str, Any], ...]:
        """The defaults that lie below the tasks' own settings."""
        return (self._defaults,)

    def adopt(self, task: Task[Any, Any]) -> None:
        """Register a task. What the decorators and blueprints call."""
        self._registry.add(task)

    def _define(self, function: Any, settings: Mapping[str, Any], batch: BatchOptions | None = None) -> Task[Any, Any]:
        task = define_task(function, settings, batch=batch, home=self)
        self.adopt(task)
        return task

    async def _make_call(
        self, desk: JobDesk, name: str, arguments: Mapping[str, Any] | Sequence[Any], version: int | None = None
    ) -> Call[Any]:
        task = self._registry.find(name)
        if task is not None:
            return call_known(task, arguments, version)
        return await call_told(name, arguments, version, backend=desk.backend, registry=self._registry, home=self)

    def _make_sibling_desk(self) -> JobDesk:
        return JobDesk(
            self._backend.sibling(),
            self._registry,
            self._codecs,
            self.telemetry,
            make_settlement=self._make_settlement,
            middleware=self._surroundings.middleware,
        )

    def __repr__(self) -> str:
        return f"<Headrace {self._backend.url} with {len(self._registry)} tasks>"


def _check_payload_limit(asked: int | None, most: int) -> int:
    if asked is None:
        return most
    if type(asked) is not int or not 1 <= asked <= most:
        message = f"payload_limit is a number of bytes from 1 to {most}, what this store takes; got {asked!r}"
        raise ConfigError(message)
    return asked
