"""A call: a task with its arguments, encoded and checked, and not yet stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from headrace.model.ids import new_job_id
from headrace.model.job import NewJob
from headrace.tasks.options import JobOptions, check_options, merge_options

if TYPE_CHECKING:
    from headrace.tasks.task import Task

R = TypeVar("R", covariant=True)


class Call(Generic[R]):
    """What ``Task.call`` answers; hand it to ``app.enqueue``, ``app.enqueue_many`` or ``app.sync``.

    The arguments are encoded already: changing the objects afterwards changes nothing. A call may be enqueued several
    times; each time is another job, unless it has a ``job_id`` or an idempotency key.
    """

    __slots__ = ("_options", "payload", "task")

    def __init__(self, task: Task[..., R], payload: bytes, options: dict[str, Any]) -> None:
        self.task = task
        self.payload = payload
        self._options = options

    def options(self, **changes: Unpack[JobOptions]) -> Call[R]:
        """This call with other options, see :class:`~headrace.tasks.options.JobOptions`; the original stays as it is.

        Raises ConfigError that names the field, the value and what is accepted.
        """
        checked = check_options(changes)
        if checked.get("codec", self.task.codec) != self.task.codec:
            args, kwargs = self.task.arguments(self.payload)
            recoded = self.task.options(codec=checked["codec"]).call(*args, **kwargs)
            return Call(recoded.task, recoded.payload, merge_options(self._options, checked))
        return Call(self.task, self.payload, merge_options(self._options, checked))

    def new_job(self) -> NewJob:
        """The job to store: with a new id each time, unless the options name one."""
        options = self._options
        if options.get("job_id") is None:
            return NewJob(id=new_job_id(), payload=self.payload, **options)
        named = {name: value for name, value in options.items() if name != "job_id"}
        return NewJob(id=options["job_id"], payload=self.payload, **named)

    def __repr__(self) -> str:
        args, kwargs = self.task.arguments(self.payload)
        return f"<Call {self.task.name}({self.task.schema.show(args, kwargs)})>"
