"""A call: a task with its arguments, encoded and checked, and not yet stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from msgspec import Struct
from msgspec.structs import replace

from headrace.errors import ConfigError
from headrace.model.ids import JobId, new_job_id
from headrace.model.job import QUEUE_DEFAULT, NewJob
from headrace.tasks.canonical import CanonicalArguments
from headrace.tasks.options import JobOptions, check_options, check_version, merge_options
from headrace.tasks.uniqueness import UNIQUE_OPTIONS, check_together, uniqueness

if TYPE_CHECKING:
    from headrace.tasks.task import Task

R = TypeVar("R", covariant=True)


def pattern_of(options: dict[str, Any]) -> NewJob | None:
    """A job with these options, to be copied with another id and payload; None where copies differ in more.

    Copying costs a quarter of what making a job from its options does.
    """
    if "job_id" in options or not UNIQUE_OPTIONS.isdisjoint(options):
        return None
    return NewJob(id=JobId(""), payload=b"", id_is_new=True, **options)


class Call(Struct, Generic[R], eq=False, gc=False):
    """What ``Task.call`` answers; hand it to ``app.enqueue``, ``app.enqueue_many`` or ``app.sync``.

    The arguments are encoded already: changing the objects afterwards changes nothing. A call may be enqueued several
    times; each time is another job, unless it has a ``job_id`` or an idempotency key.
    """

    task: Task[..., R]
    payload: bytes
    _options: dict[str, Any]
    _pattern: NewJob | None = None

    @property
    def queue(self) -> str:
        """The queue that the job will wait in."""
        return str(self._options.get("queue", QUEUE_DEFAULT))

    @property
    def chosen(self) -> dict[str, Any]:
        """The options that were given for this job, without what its task says of all."""
        defaults, own = self.task.defaults, object()
        return {name: value for name, value in self._options.items() if defaults.get(name, own) != value}

    def options(self, **changes: Unpack[JobOptions]) -> Call[R]:
        """This call with other options, see :class:`~headrace.tasks.options.JobOptions`; the original stays as it is.

        Raises ConfigError that names the field, the value and what is accepted.
        """
        checked = check_options(changes)
        merged = merge_options(self._options, checked)
        check_together(merged, self.task.schema)
        if checked.get("codec", self.task.codec) != self.task.codec:
            args, kwargs = self.task.arguments(self.payload)
            recoded = self.task.options(codec=checked["codec"]).call(*args, **kwargs)
            return Call(recoded.task, recoded.payload, merged)
        return Call(self.task, self.payload, merged)

    def of_version(self, version: int) -> Call[R]:
        """This call as one whose arguments are written for another version of its task.

        For those who make calls without the task's code. Raises ConfigError for what is no version.
        """
        options = {**self._options, "task_version": check_version("version", version)}
        return _VersionedCall(self.task, self.payload, options)

    def new_job(self) -> NewJob:
        """A job of this call, to be stored however often: with the id that the options name, else with a new one."""
        return replace(self.job_with(new_job_id()), id_is_new=False)

    def job_with(self, new_id: JobId) -> NewJob:
        """The job to hand to a store, once: with the id that the options name, else with one that was made for it."""
        if self._pattern is not None:
            return replace(self._pattern, id=new_id, payload=self.payload)
        options = self._options
        if not UNIQUE_OPTIONS.isdisjoint(options):
            options = self._with_unique_key()
        given = options.get("job_id")
        others = {name: value for name, value in options.items() if name != "job_id"}
        return NewJob(id=given or new_id, payload=self.payload, id_is_new=given is None, **others)

    def _with_unique_key(self) -> dict[str, Any]:
        """The options, with those of uniqueness in the form that a store is given."""
        options = {name: value for name, value in self._options.items() if name not in UNIQUE_OPTIONS}
        if all(self._options.get(name) is None for name in UNIQUE_OPTIONS):
            return options
        options["unique"], delay = uniqueness(self._options, self._canonical)
        return options if delay is None else {**options, "delay": delay}

    def _canonical(self, by: Collection[str] | None) -> bytes:
        try:
            arguments = self.task.arguments(self.payload)
        except ValueError:
            # Those of a task whose code is elsewhere: its own app might write them otherwise.
            message = f"unique: the arguments of {self.task.name} cannot be read here; name a key, as in 'welcome:7'"
            raise ConfigError(message) from None
        return CanonicalArguments(self.task.schema).encode(arguments, by)

    def __repr__(self) -> str:
        args, kwargs = self.task.arguments(self.payload)
        return f"<Call {self.task.name}({self.task.schema.show(args, kwargs)})>"


class _VersionedCall(Call[R], eq=False, gc=False):
    """A call whose version was chosen, though the task may have the same."""

    @property
    def chosen(self) -> dict[str, Any]:
        """The options that were given for this job, its version among them."""
        return {**super().chosen, "task_version": self._options["task_version"]}
