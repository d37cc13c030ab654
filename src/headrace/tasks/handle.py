"""A handle: what the caller holds of a job it enqueued."""

from __future__ import annotations

from datetime import timedelta
from typing import Generic, TypeVar, cast

from msgspec import Struct

from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
from headrace.storage.jobs import Changed
from headrace.tasks.ports import Desk

R = TypeVar("R")


class JobHandle(Struct, Generic[R], eq=False, gc=False):
    """A job's id, with what can be asked about it. Handles are cheap, compare by id, and hold nothing open.

    ``task`` is the task's name, or None for a handle made from an id alone. The rest is what became of the enqueue.
    ``duplicate``: it changed nothing, because the job, or one with the same idempotency or unique key, was there.
    ``dropped``: its unique key is taken, and nothing was stored. ``replaced``: the job that holds the unique key has
    the new arguments. In all three cases the handle is that of the job that was there.
    """

    _desk: Desk
    id: JobId
    task: str | None = None
    duplicate: bool = False
    dropped: bool = False
    replaced: bool = False

    async def result(self, timeout: float | timedelta | None = None) -> R:
        """Wait until the job has ended, and answer what its handler returned, in the type it is annotated with.

        Raises JobFailed, JobCancelled or JobExpired when it ended otherwise, JobNotFound when the store does not hold
        it, and the builtin TimeoutError after ``timeout`` (seconds, or a timedelta): the job goes on regardless.
        Waiting and cancelling the wait do nothing to the job.
        """
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        return cast("R", self._desk.result_of(await self._desk.settled(self.id, limit)))

    async def get(self) -> Job:
        """The job as the store holds it now, with its encoded result. Raises JobNotFound."""
        return await self._desk.get(self.id)

    async def state(self) -> JobState:
        """Where the job is now. Raises JobNotFound."""
        return (await self._desk.get(self.id)).state

    async def cancel(self, reason: str = "cancelled by its caller") -> Changed:
        """Cancel the job; if it is running, ask its worker to. ``changed`` False: it had ended, or was asked before."""
        return (await self._desk.cancel([self.id], reason=reason))[0]

    async def retry(self) -> Changed:
        """Queue the job again if it is dead, cancelled or expired, with its attempts counted anew.

        ``changed`` False with a ``conflict``: that job, which has not ended, holds the unique key.
        """
        return (await self._desk.retry([self.id]))[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JobHandle) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        named = f" of {self.task}" if self.task else ""
        became = [flag for flag in ("duplicate", "dropped", "replaced") if getattr(self, flag)]
        return f"<JobHandle {self.id}{named}{''.join(f', {flag}' for flag in became)}>"
