# Made from headrace/client/aio/handle.py by tests/client/unasync.py. Change that file, and run it again.
"""A job's id, with what can be asked about it over the network."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, overload

from headrace.model.job import JobState
from headrace.wire.jobs import ChangedJob, JobDetail

if TYPE_CHECKING:
    from headrace.client.blocking.client import Client

T = TypeVar("T")


class RemoteJob:
    """What ``enqueue`` answers. Cheap, compared by id, holds nothing open.

    ``duplicate``, ``dropped`` and ``replaced`` tell what became of the enqueue, as those of
    :class:`~headrace.tasks.handle.JobHandle` do.
    """

    __slots__ = ("_client", "dropped", "duplicate", "id", "replaced", "task")

    def __init__(
        self,
        client: Client,
        job_id: str,
        task: str | None = None,
        *,
        duplicate: bool = False,
        dropped: bool = False,
        replaced: bool = False,
    ) -> None:
        self._client = client
        self.id = job_id
        self.task = task
        self.duplicate = duplicate
        self.dropped = dropped
        self.replaced = replaced

    @overload
    def result(self, timeout: float | timedelta | None = None) -> Any: ...
    @overload
    def result(self, timeout: float | timedelta | None = None, *, type: type[T]) -> T: ...

    def result(self, timeout: float | timedelta | None = None, *, type: Any = Any) -> Any:  # noqa: A002
        """Wait until the job has ended, and answer what its handler returned: plain JSON, or as ``type``.

        Raises JobFailed, JobCancelled or JobExpired when it ended otherwise, JobNotFound, and the builtin TimeoutError
        after ``timeout`` (seconds, or a timedelta): the job goes on regardless.
        """
        return self._client.result(self.id, timeout, type=type)

    def get(self) -> JobDetail:
        """The job as it is now. Raises JobNotFound."""
        return self._client.get(self.id)

    def state(self) -> JobState:
        """Where the job is now. Raises JobNotFound."""
        return self.get().state

    def cancel(self, reason: str = "cancelled by its caller") -> ChangedJob:
        """Cancel the job; if it is running, ask its worker to. ``changed`` False: it had ended, or was asked before."""
        return self._client.cancel([self.id], reason=reason)[0]

    def retry(self) -> ChangedJob:
        """Queue the job again if it is dead, cancelled or expired, with its attempts counted anew."""
        return self._client.retry([self.id])[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteJob) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        named = f" of {self.task}" if self.task else ""
        return f"<RemoteJob {self.id}{named}>"
