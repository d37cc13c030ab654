"""A task: a registered, named, versioned function with its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, update_wrapper
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack

from headrace.engine.runnable import ExecutorKind
from headrace.errors import ConfigError, InvalidArguments, TooLarge, UsageError
from headrace.model.batch import BatchOptions
from headrace.model.job import Job, NewJob
from headrace.model.payload import Codec
from headrace.model.redaction import for_arguments, is_always_hidden, redact, redact_text
from headrace.model.retry import RetryPolicy
from headrace.tasks.call import Call, pattern_of
from headrace.tasks.defaults import OF_RUNS, layered
from headrace.tasks.handle import JobHandle
from headrace.tasks.options import JobOptions, check_options, merge_options
from headrace.tasks.ports import TaskHome
from headrace.tasks.schema import Arguments, ArgumentsSchema
from headrace.tasks.uniqueness import check_together
from headrace.tasks.versions import Upcast, Upcaster, Upcasts

if TYPE_CHECKING:
    from headrace.engine.surroundings import Surroundings

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U", bound=Upcaster)
R = TypeVar("R", covariant=True)


class Registration:
    """What is fixed when a function becomes a task, and shared by all its copies with other options."""

    def __init__(
        self,
        *,
        name: str,
        function: Callable[..., Any],
        executor: ExecutorKind,
        is_async: bool,
        version: int,
        reference: str,
        schema: ArgumentsSchema,
        home: TaskHome,
        own: Mapping[str, Any],
        batch: BatchOptions | None = None,
        partition_by: str | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.executor = executor
        self.is_async = is_async
        self.version = version
        self.reference = reference
        self.schema = schema
        self.home = home
        self.upcasts = Upcasts(name, version)
        self._own = own
        self.batch = batch
        self.partition_by = partition_by

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The task's settings over the defaults. Raises UsageError while the task belongs to no app."""
        return layered([*self.home.layers(), self._own])

    @cached_property
    def options(self) -> Mapping[str, Any]:
        """The part of the settings that each job is made with."""
        of_jobs = {name: value for name, value in self.settings.items() if name not in OF_RUNS}
        return {**of_jobs, "task": self.name, "task_version": self.version}

    @cached_property
    def retry(self) -> RetryPolicy:
        """What happens after a failed attempt."""
        policy: RetryPolicy = self.settings["retry"]
        return policy

    @cached_property
    def keep_result(self) -> bool:
        """Whether what the function returns is stored."""
        return bool(self.settings["keep_result"])


class Task(Generic[P, R]):
    """What ``@app.task`` makes of a function. Calling it calls the function, as if it were not decorated.

    ``P`` are the function's parameters and ``R`` is what it returns (what it returns when awaited, for an
    ``async def``), so that a type checker sees a wrong argument of ``enqueue`` as it would that of a plain call.
    """

    # Attributes, where properties would do: a worker reads each of these for every job.
    name: str
    """The name that jobs carry and workers look for."""
    version: int
    """The version that its jobs are stored with, and the newest that it can run."""
    function: Callable[..., Any]
    """The function itself."""
    is_async: bool
    """True for an ``async def``."""
    executor: ExecutorKind
    """Where the function runs."""
    batch: BatchOptions | None
    """Set where the function takes several jobs in one call."""

    def __init__(self, registration: Registration, changes: Mapping[str, Any] = MappingProxyType({})) -> None:
        update_wrapper(self, registration.function)
        self._registration = registration
        self._changes = changes
        self._schema = registration.schema
        self.name = registration.name
        self.version = registration.version
        self.function = registration.function
        self.is_async = registration.is_async
        self.executor = registration.executor
        self.batch = registration.batch
        if registration.home.ready:
            self.settle()

    def settle(self) -> None:
        """Look up now what the first call would, to meet its errors early. For the app that includes a blueprint."""
        _ = self._codec, self._limit

    @cached_property
    def _options(self) -> dict[str, Any]:
        options = merge_options(self._registration.options, self._changes)
        check_together(options, self._schema)
        return options

    @cached_property
    def _pattern(self) -> NewJob | None:
        return pattern_of(self._options)

    @cached_property
    def _codec(self) -> Codec:
        return self._registration.home.codecs.get(self._options["codec"])

    @cached_property
    def _limit(self) -> int:
        return self._registration.home.payload_limit

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Call the function itself, here and now; nothing is enqueued. For an ``async def`` await what it answers."""
        return self.function(*args, **kwargs)

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call[R]:
        """Check and encode the arguments, and store nothing: for ``app.enqueue_many`` and ``app.sync``.

        Raises InvalidArguments that names the parameter, and TooLarge for more than the app's ``payload_limit``.
        """
        codec = self._codec
        payload = self._schema.encode(codec, args, kwargs)
        if len(payload) > self._limit:
            self._too_large("arguments", len(payload))
        if self._partition_by is None:
            return Call(self, payload, self._options, self._pattern)
        return Call(self, payload, self._partitioned(self._partition_by, args, kwargs))

    def call_older(self, version: int, arguments: Mapping[str, Any]) -> Call[R]:
        """A call whose arguments, by name, are written for an older version: stored so, and upcast when the job runs.

        Raises InvalidArguments for a version that this code cannot read, and for arguments that do not fit it.
        """
        try:
            payload = self._codec.encode(dict(arguments))
            upcast = self._registration.upcasts.apply(version, self._codec.decode(payload, Any))
            args, kwargs = self._schema.decode(self._codec, self._codec.encode(upcast))
        except InvalidArguments:
            raise
        except Exception as error:  # An upcast is the user's code, and looks for what may not be there.
            message = f"{self.name}: arguments of version {version} cannot be read: {type(error).__name__}: {error}"
            raise InvalidArguments(message) from error
        if len(payload) > self._limit:
            self._too_large("arguments", len(payload))
        if self._partition_by is None:
            return Call(self, payload, self._options).of_version(version)
        return Call(self, payload, self._partitioned(self._partition_by, args, kwargs)).of_version(version)

    async def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> JobHandle[R]:
        """Store a job that will call the function with these arguments; durable when it returns.

        Raises what ``call`` and ``Headrace.enqueue`` raise; then nothing was stored.
        """
        return await self._registration.home.enqueue(self.call(*args, **kwargs))

    def options(self, **changes: Unpack[JobOptions]) -> Task[P, R]:
        """This task with other options for its jobs, see :class:`~headrace.tasks.options.JobOptions`.

        The answer is a copy: the registered task, which workers use, stays as it is.
        Raises ConfigError that names the field, the value and what is accepted.
        """
        return type(self)(self._registration, merge_options(self._changes, check_options(changes)))

    @property
    def retry(self) -> RetryPolicy:
        """What happens after a failed attempt."""
        return self._registration.retry

    @property
    def reference(self) -> str:
        """``module:qualified.name``, by which a child process finds the task."""
        return self._registration.reference

    @cached_property
    def needs(self) -> Mapping[str, Any]:
        """The types of the parameters that a worker fills in, by name."""
        return self._schema.needs

    @property
    def surroundings(self) -> Surroundings | None:
        """What its app gives to handlers and puts around them."""
        return self._registration.home.surroundings

    @property
    def codec(self) -> str:
        """The name of the codec that arguments and results are stored in."""
        return self._codec.name

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The options that this task's jobs are made with, as they are stored."""
        return MappingProxyType(self._options)

    @property
    def schema(self) -> ArgumentsSchema:
        """How the arguments are checked, stored and read."""
        return self._schema

    @property
    def redact(self) -> tuple[str, ...]:
        """What views must not show, as paths: what ``redact=`` names, and what is marked with ``Secret``."""
        return self._schema.rules

    def conceal(self, job: Job, text: str) -> str:
        """A text about a job, such as an error message, without the values that views must not show."""
        try:
            arguments = self._registration.home.codecs.get(job.codec).decode(job.payload, Any)
        except Exception:
            return text
        secrets: set[str] = set()
        redact(arguments, for_arguments(self.redact), secrets)
        return redact_text(text, secrets)

    def upcast(
        self, from_version: int, *, deprecated: str | None = None, sunset: date | None = None
    ) -> Callable[[U], U]:
        """Say how arguments that version ``from_version`` has stored become those of the next version.

        The function below takes them as a dictionary, by name, and answers the new ones; steps are chained, 1 to 2 to
        3. ``deprecated`` says why such jobs should not be made any more: a worker that reads one logs it once, and
        ``sunset`` tells until when they will be read. Raises ConfigError for a version that is not older.
        """

        def add(function: U) -> U:
            step = Upcast(from_version=from_version, function=function, deprecated=deprecated, sunset=sunset)
            self._registration.upcasts.add(step)
            return function

        return add

    @property
    def upcasts(self) -> Mapping[int, Upcast]:
        """The older versions whose jobs can be read, with the step from each."""
        return self._registration.upcasts.steps

    def check(self, job: Job) -> None:
        """Raise what decoding a stored job of this version or an older one raises; nothing is told to anyone."""
        if job.task_version == self.version:
            self.decode(job)
        else:
            self.migrated(job)

    def migrated(self, job: Job) -> bytes:
        """The payload of an older job as this version stores it. Raises what its codec or an upcast raises."""
        codec = self._registration.home.codecs.get(job.codec)
        arguments = codec.decode(job.payload, Any)
        if not isinstance(arguments, dict):
            message = f"{self.name}: the arguments of job {job.id} are no object with names"
            raise InvalidArguments(message)
        payload = codec.encode(self._registration.upcasts.apply(job.task_version, arguments))
        self._schema.decode(codec, payload)
        return payload

    def arguments(self, payload: bytes) -> Arguments:
        """The arguments in a payload that a call of this task, with these options, has made."""
        return self._schema.decode(self._codec, payload)

    def decode(self, job: Job) -> Arguments:
        """The arguments of a stored job, of this version or an older one; raises what its codec or an upcast raises."""
        home, codec, payload = self._registration.home, self._codec, job.payload
        if job.task_version != self.version:
            payload = self.migrated(job)
            self._registration.upcasts.tell(job.task_version, home.telemetry)
        if job.codec != codec.name:  # enqueued with another one, or when another one was the task's
            codec = home.codecs.get(job.codec)
        return self._schema.decode(codec, payload)

    def encode_result(self, value: Any) -> tuple[bytes | None, str]:
        """The stored form of a returned value, None for None and where results are not kept, and the codec's name."""
        if value is None or not self._registration.keep_result:
            return None, self._codec.name
        data = self._codec.encode(value)
        if len(data) > self._limit:
            self._too_large("result", len(data))
        return data, self._codec.name

    def decode_result(self, job: Job) -> Any:
        """What the handler of a job that succeeded returned; None where nothing was kept.

        Raises UsageError for a result that is not what the function says it returns, by this version of the code.
        """
        if job.result is None:
            return None
        codec = self._registration.home.codecs.get(job.result_codec or job.codec)
        try:
            return self._schema.read_result(codec, job.result)
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"the result of job {job.id} is not what {self.name}{self._schema.describe()} returns: {error}. "
                "It was stored by another version of the task, or by complete(); correct the annotation"
            ) from error

    @cached_property
    def _partition_by(self) -> str | None:
        """The argument that tells the partition, where the options do not. Raises ConfigError for a hidden one."""
        by = self._registration.partition_by if self._options.get("partition") is None else None
        if by is not None and (by in self.redact or is_always_hidden(by)):
            message = (
                f"partition_by of task {self.name!r} is {by!r}, which views must not show, and partitions are shown. "
                "Partition by another argument, or give the option partition something that does not tell it"
            )
            raise ConfigError(message)
        return by

    def _partitioned(self, by: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The options, with the partition that the arguments tell."""
        bound = self._schema.signature.bind_partial(*args, **kwargs)  # a worker may fill in other parameters
        bound.apply_defaults()
        value = bound.arguments[by]
        return merge_options(self._options, check_options({"partition": None if value is None else str(value)}))

    def _too_large(self, what: str, size: int) -> None:
        message = (
            f"{self.name}: {size} bytes of {what} as {self.codec}; the limit is {self._limit}. Store large data "
            "elsewhere and pass its name, or raise Headrace(payload_limit=...)"
        )
        raise TooLarge(message)

    def __repr__(self) -> str:
        return f"<Task {self.name}{self._schema.describe()}>"


class BatchTask(Task[[T], R]):
    """What ``@app.batch_task`` makes of a function that takes a list: ``enqueue`` and ``call`` take one item of it."""

    def __call__(self, items: Sequence[T], *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Call the function itself, here and now, with all its items."""
        return self.function(items, *args, **kwargs)
