"""A handle for code without an event loop."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
from headrace.storage.jobs import Changed
from headrace.tasks.handle import JobHandle

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

R = TypeVar("R")


class SyncJobHandle(Generic[R]):
    """A handle whose methods block until they have their answer. See :class:`~headrace.tasks.handle.JobHandle`."""

    __slots__ = ("_handle", "_sync")

    def __init__(self, sync: SyncDesk, handle: JobHandle[R]) -> None:
        self._sync = sync
        self._handle = handle

    @property
    def id(self) -> JobId:
        """The job's id."""
        return self._handle.id

    @property
    def task(self) -> str | None:
        """The task's name, None for a handle made from an id alone."""
        return self._handle.task

    @property
    def duplicate(self) -> bool:
        """True when the job, or one with the same idempotency or unique key, was there already."""
        return self._handle.duplicate

    @property
    def dropped(self) -> bool:
        """True when nothing was stored because the unique key is taken: the handle is that of the job that holds it."""
        return self._handle.dropped

    @property
    def replaced(self) -> bool:
        """True when the job that holds the unique key was given the new arguments."""
        return self._handle.replaced

    def result(self, timeout: float | timedelta | None = None) -> R:
        """Wait until the job has ended, and answer what its handler returned. See ``JobHandle.result``."""
        answer: R = self._sync.result(self.id, timeout)
        return answer

    def get(self) -> Job:
        """The job as it is now. Raises JobNotFound."""
        return self._sync.get(self.id)

    def state(self) -> JobState:
        """Where the job is now. Raises JobNotFound."""
        return self.get().state

    def cancel(self, reason: str = "cancelled by its caller") -> Changed:
        """Cancel the job; if it is running, ask its worker to."""
        return self._sync.cancel([self.id], reason=reason)[0]

    def retry(self) -> Changed:
        """Queue the job again if it is dead, cancelled or expired."""
        return self._sync.retry([self.id])[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SyncJobHandle) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return repr(self._handle).replace("JobHandle", "SyncJobHandle", 1)
