"""The job store: the hot path (enqueue, claim, heartbeat, finish), what people do to jobs, and upkeep.

The promises that hold for every method, and that the conformance suite tests on every store:

1. Reply *i* answers input *i*; nothing in a batch is dropped silently.
2. ``enqueue_many`` is all or nothing up to ``Capabilities.max_batch``.
3. The same id, or the same idempotency key within its window, again changes nothing and answers ``duplicate``.
4. A write under a lease that is not current changes nothing and answers ``STALE``.
5. A job whose lease ran out can be claimed by anyone, at the latest after one ``rescue``; the lost attempt is kept.
6. Higher priority first, then older, unless the queue's settings say otherwise. Across concurrent claims the order is
   best effort; within a key of an ``ordered`` queue it is strict.
7. The store never decides retries; ``Failed(retry_in=None)`` ends in ``dead`` with payload and every traceback.
8. Cancelling an awaiting call leaves the whole effect or none.
10. Only ``StorageError`` subclasses are raised.
11. No wake-up is lost.
12. Concurrency and rate limits hold across all workers, not per worker.
13. The store's clock rules.
14. No job is stored under a unique key that is taken by the newcomer's policy, within a batch and across processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from msgspec import UNSET, Struct, UnsetType

from headrace.model.durations import ZERO
from headrace.model.errors import ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import Attempt, Job, JobState, LogLine, NewJob, Progress
from headrace.model.lease import Claim, Lease
from headrace.model.limits import Blocked
from headrace.model.outcome import Finish
from headrace.model.page import JobQuery, Page
from headrace.model.queue import JobCount, QueueRate, Retention
from headrace.model.standing import Standing, first_difference

JOB_LOG_LINES_MAX = 1_000
"""Lines kept for one job; older ones go. A handler that logs in a loop must not fill the store."""


class Enqueued(Struct, frozen=True, kw_only=True, gc=False):
    """The answer for one job. At most one of the flags is set; with any of them no job was added.

    ``duplicate``: the job, or the one that holds its idempotency or unique key, was there already and is as it was.
    ``conflict``: the idempotency key is taken by a job with another task or payload.
    ``dropped``: the unique key is taken, and the policy is to drop. ``replaced``: it is taken, and the job that holds
    it now has what the new one would have had. Then ``id`` and ``state`` are those of the job that was there.
    """

    id: JobId
    state: JobState
    duplicate: bool = False
    conflict: bool = False
    dropped: bool = False
    replaced: bool = False

    @property
    def added(self) -> bool:
        """True when a job was added."""
        return not (self.duplicate or self.conflict or self.dropped or self.replaced)


class ClaimRequest(Struct, frozen=True, kw_only=True, gc=False):
    """How many jobs a worker wants from each queue, and for how long it can be silent before it loses them.

    ``wait`` lets a store with the capability ``waiting_claims`` hold the call for that long while there is nothing to
    claim, and answer in the very transaction that brings a job. Any store may answer sooner, and empty.
    """

    worker: str
    demand: Mapping[str, int]
    lease_for: timedelta
    wait: timedelta = ZERO


class Heartbeat(Struct, frozen=True, kw_only=True, gc=False):
    """The answer for one lease. ``lease`` None: it is lost, stop working.

    ``cancel_reason`` is not None when someone asked for the job to be cancelled.
    """

    lease: Lease | None
    cancel_reason: str | None = None


class Settled(StrEnum):
    """Whether a write under a lease took effect."""

    APPLIED = "applied"
    STALE = "stale"


class Report(Struct, frozen=True, kw_only=True, gc=False):
    """Progress and log lines of a running job, under its lease."""

    lease: Lease
    progress: Progress | None = None
    logs: tuple[LogLine, ...] = ()


class Changed(Struct, frozen=True, kw_only=True, gc=False):
    """The answer to a change a person asked for. ``state`` is the job's state now, None when there is no such job.

    ``changed`` False means that the verb does not apply in that state, and nothing was done; or that a retry would
    bring back a job whose unique key another live job holds: that one's id is ``conflict``; or that the job is not as a
    restore expects it to be: ``differs`` names the first field of its :class:`~headrace.model.standing.Standing`.
    """

    id: JobId
    state: JobState | None
    changed: bool
    conflict: JobId | None = None
    differs: str | None = None


class JobEdit(Struct, frozen=True, kw_only=True, gc=False):
    """New values for a job that is not running and has not succeeded; UNSET fields stay as they are.

    ``if_payload`` makes it conditional: nothing changes where the payload is another by now.
    """

    id: JobId
    queue: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    run_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    max_attempts: int | UnsetType = UNSET
    payload: bytes | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    meta: Mapping[str, Any] | UnsetType = UNSET
    task_version: int | UnsetType = UNSET
    if_payload: bytes | UnsetType = UNSET


class JobRestore(Struct, frozen=True, kw_only=True, gc=False):
    """A change to be taken back: the job goes back to where it stood ``before``, if it is still as it was ``left``."""

    id: JobId
    before: Standing
    left: Standing

    def differs(self, found: Standing) -> str | None:
        """The first field that is in the way: of a job that runs or has succeeded, or did before, it is the state."""
        if not {self.before.state, found.state}.isdisjoint((JobState.RUNNING, JobState.SUCCEEDED)):
            return "state"
        return first_difference(self.left, found)


class Promotion(Struct, frozen=True, kw_only=True, gc=False):
    """What a round of ``promote`` did: how many jobs it queued, which queues may have more, when to come again.

    ``queues`` also names those for which a token has come; ``next_due`` is the next due job or the next token. Due jobs
    that another transaction is changing need not count.
    """

    count: int
    queues: frozenset[str] = frozenset()
    next_due: datetime | None = None


class Expiration(Struct, frozen=True, kw_only=True, gc=False):
    """What a round of ``expire`` did: the jobs it ended, and when to come again.

    ``next_expiry`` is the earliest among the jobs that wait still: scheduled, queued or waiting. It has come already
    where there were more than the limit. Jobs that run do not count, and those that another transaction is changing
    need not.
    """

    ids: tuple[JobId, ...] = ()
    next_expiry: datetime | None = None


class Rescued(Struct, frozen=True, kw_only=True, gc=False):
    """A job taken back from a worker whose lease ran out. ``state`` is ``queued``, ``dead`` or ``cancelled``."""

    id: JobId
    queue: str
    state: JobState
    worker: str


class JobStore(Protocol):
    """The verbs that change jobs. All are atomic, each call as a whole."""

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        """Store all jobs, or none if it raises. Durable when it returns.

        A job whose ``run_at`` or ``delay`` lies ahead is ``scheduled``, any other ``queued``. Where its ``unique`` key
        is taken, the newcomer's policy decides; its id and its idempotency key are looked at before.
        Raises TooLarge for more than ``max_batch`` jobs or a payload over ``max_payload``.
        """
        ...

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        """Take up to ``demand[queue]`` queued jobs of each queue that is not paused, and count an attempt of each.

        No more than the limits of :class:`~headrace.storage.limits.LimitStore` leave room for, and in the order that
        the queue's settings ask for.

        A job past its ``expires_at`` is not claimed. Where claims wait, cancelling one gives back what it was about to
        bring: no attempt is lost.
        """
        ...

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        """Extend leases to ``extend`` from now, and bring back which jobs are to be cancelled.

        A lease that ran out but was not yet rescued is current still, and is extended.
        """
        ...

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        """Settle jobs under their leases. What each outcome does is told in :mod:`headrace.model.outcome`.

        A job whose cancellation was requested ends as ``cancelled`` where it would otherwise run again
        (``Failed`` with a retry, ``Snoozed``, ``Waiting``, ``Released``); ``Completed`` still succeeds.
        """
        ...

    async def report_many(self, reports: Sequence[Report]) -> list[Settled]:
        """Store progress (the last one counts) and log lines (up to JOB_LOG_LINES_MAX a job) under leases."""
        ...

    async def cancel_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        """Cancel jobs that are scheduled, queued or waiting; mark running ones, whose worker hears it at its heartbeat.

        Both answer ``changed``; a second request for a running job, or a job that has ended, does not.
        """
        ...

    async def retry_many(self, ids: Sequence[JobId], *, edits: Sequence[JobEdit] = ()) -> list[Changed]:
        """Queue jobs that are dead, cancelled or expired, with their attempts counted anew and no expiry.

        Attempts that were made stay in the history. A job whose unique key, by its own policy, is taken by another job
        that has not ended stays as it is: ``changed`` False, with that job as ``conflict``.
        ``edits`` are made in the same transaction, of jobs among ``ids`` that were queued: no worker sees such a job as
        it was.
        """
        ...

    async def discard_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        """End dead jobs as ``cancelled``: they are no dead letters any more, and can still be read and retried."""
        ...

    async def wake_many(self, ids: Sequence[JobId]) -> list[Changed]:
        """Raise the wake counter of jobs that have not ended; one that is waiting is queued."""
        ...

    async def edit_many(self, edits: Sequence[JobEdit]) -> list[Changed]:
        """Change jobs that are not running and have not succeeded. A new ``run_at`` moves scheduled and queued jobs."""
        ...

    async def restore_many(self, restores: Sequence[JobRestore]) -> list[Changed]:
        """Put jobs back to where they stood before a change, each if it is still as that change left it.

        A job that differs stays as it is, ``changed`` False and ``differs`` naming the field; so does one that runs or
        has succeeded, and one whose unique key another job holds by now, which is then the ``conflict``. The state is
        that of :func:`~headrace.model.standing.state_again`. Rates do not count it: nothing ran.
        """
        ...

    async def delete_many(self, ids: Sequence[JobId]) -> list[Changed]:
        """Delete jobs that are not running, with their history. ``state`` in the answer is the state it had."""
        ...

    async def promote(self, *, limit: int) -> Promotion:
        """Queue up to ``limit`` jobs that are due: scheduled ones, and waiting ones whose ``until`` has come.

        Also announces the queues whose claims a rate held back, once there is a token.
        """
        ...

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Rescued]:
        """Take back up to ``limit`` jobs whose lease ran out, keeping the lost attempt.

        A job with attempts left is queued, one without is dead, and one whose cancellation was requested is cancelled.
        One whose last ``quarantine_after`` attempts were all lost is dead, whatever is left: it kills its workers.
        """
        ...

    async def expire(self, *, limit: int) -> Expiration:
        """End up to ``limit`` jobs that were not started before their ``expires_at``, the earliest to expire first."""
        ...

    async def prune(self, retention: Retention, *, limit: int) -> int:
        """Delete up to ``limit`` jobs that ended longer ago than their queue's retention, or else ``retention``, says.

        A job that still holds its unique key for a period stays until that is over. Also forgets idempotency keys whose
        window is over. Answers how many jobs were deleted.
        """
        ...


class TransactionalJobStore(JobStore, Protocol):
    """A job store that can act inside the caller's own transaction."""

    def within(self, connection: object) -> JobStore:
        """The same verbs on the caller's connection, which must be open on the same database.

        Nothing is committed and nothing is signalled here: the effect is that of the caller's transaction.
        Raises Unsupported for a connection of another kind or on another database.
        """
        ...


def transactional(jobs: JobStore) -> TransactionalJobStore | None:
    """The store as one that can act inside the caller's own transaction; None for one that cannot."""
    capable: Any = jobs
    return capable if hasattr(capable, "within") else None


class JobReader(Protocol):
    """Reading about jobs: may be slower, may be slightly behind on a replica."""

    async def get_many(self, ids: Sequence[JobId]) -> list[Job | None]:
        """The jobs, with their results; None where there is none."""
        ...

    async def find(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        """A page of the jobs that match, newest first, without results. ``cursor`` comes from the page before.

        Where no index leads to the jobs, a page looks at ``query.scan`` of them, or for as long as ``query.patience``
        says, and then says ``complete=False``.
        """
        ...

    async def error_groups(self, query: JobQuery, *, limit: int = 50) -> list[ErrorGroup]:
        """The errors of the jobs that match and are dead, or scheduled or queued after a failure, grouped.

        By the fingerprint of each job's last error; the group with most dead jobs first. Without a search, or for one
        of fingerprints alone, groups are counted along an index; for any other, every such job is looked at.
        """
        ...

    async def attempts(self, job_id: JobId) -> list[Attempt]:
        """The ended attempts of a job, oldest first, each with its times, worker and traceback."""
        ...

    async def logs(self, job_id: JobId) -> list[LogLine]:
        """What the job's handler logged, oldest first."""
        ...

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        """How many jobs are in each state of each queue (of all without names), from counters; no zero counts."""
        ...

    async def rates(self, *, window: timedelta) -> list[QueueRate]:
        """What happened in each queue within the last ``window``, and up to RATE_BUCKET more; each says of which."""
        ...

    async def blocking(self, ids: Sequence[JobId]) -> list[tuple[Blocked, ...]]:
        """What holds each of these jobs back although it is queued: limits without room, and the order of its key.

        Empty for a job that nothing of this holds back, or that is not queued. Pauses are told by the queue's settings.
        """
        ...

    async def lease_left(self, ids: Sequence[JobId]) -> list[timedelta | None]:
        """How long the lease of each of these jobs holds from now, should no heartbeat extend it.

        Negative where it ran out and upkeep has not noticed yet; None for a job that is not running.
        """
        ...

    async def oldest_queued(self) -> dict[str, datetime]:
        """For each queue with queued jobs, since when the oldest of them could run."""
        ...
