"""What an outcome, or the loss of its worker, does to a running job: the rules that every store follows.

``Completed`` is not here: a job that succeeded leaves the store's hot part, and each store has its own way for that.

Settled here: ``Released`` keeps ``run_at``, so the job goes back to where it was in its queue. ``Snoozed`` and
``Failed`` with a retry set ``run_at``; a delay of nothing or less queues at once, and one of more than a hundred years
is taken for that. ``Waiting`` with ``until`` sets ``run_at`` to it. ``Released``, ``Snoozed`` and ``Waiting`` give the
attempt back and leave nothing in the history.
A requested cancellation changes where the job goes, not what is recorded of the attempt, and keeps the requester's
reason. A lost attempt is kept in the history and in the job's error, whatever becomes of the job.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from headrace.model.durations import DURATION_MAX, ZERO
from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
from headrace.model.outcome import (
    Cancelled,
    Discarded,
    Failed,
    Outcome,
    Released,
    Snoozed,
    Waiting,
    lease_lost,
    quarantined,
)
from headrace.model.usage import UNKNOWN, Usage


class Running(Protocol):
    """What the rules look at of a running job: a :class:`~headrace.model.job.Job`, or a store's row of it."""

    @property
    def attempt(self) -> int: ...
    @property
    def max_attempts(self) -> int: ...
    @property
    def wakes(self) -> int: ...
    @property
    def worker(self) -> str | None: ...
    @property
    def cancel_requested(self) -> bool | int: ...
    @property
    def reason(self) -> str | None: ...


class Transition(Struct, kw_only=True, gc=False):
    """Where a running job goes, and what it leaves in the history.

    ``run_at`` None means that it stays as it is, and so does the job's error with ``error`` None. ``attempt`` is the
    job's count from then on. ``ended`` is how the attempt ended, None where it was given back; ``usage``, what it used.
    """

    state: JobState
    attempt: int
    run_at: datetime | None = None
    reason: str | None = None
    ended: AttemptOutcome | None = None
    error: ErrorInfo | None = None
    usage: Usage = UNKNOWN

    @property
    def wake_at(self) -> datetime | None:
        """When upkeep has to queue the job, if it has to."""
        return self.run_at if self.state in (JobState.SCHEDULED, JobState.WAITING) else None

    @property
    def event(self) -> str | None:
        """Under which name the end of the attempt counts in the queue's rates, if it does."""
        if self.ended in (AttemptOutcome.FAILED, AttemptOutcome.TIMED_OUT):
            return "failed"
        return "lost" if self.ended is AttemptOutcome.LOST else None


def settle(job: Running, outcome: Outcome, now: datetime, usage: Usage = UNKNOWN) -> Transition:
    """What an outcome other than ``Completed`` does to a job at the instant ``now``."""
    transition = _asked_for(job, outcome, now)
    transition.usage = usage
    if job.cancel_requested and not transition.state.final:
        # Someone asked for it while it ran: what would run again has ended instead.
        transition.state, transition.run_at = JobState.CANCELLED, None
    return transition


def _asked_for(job: Running, outcome: Outcome, now: datetime) -> Transition:
    match outcome:
        case Failed(error=error, retry_in=None):
            return _ended(job, JobState.DEAD, outcome.outcome, job.reason, error)
        case Failed(error=error, retry_in=timedelta() as delay):
            again = _again_in(job, delay, job.attempt, now)
            again.ended, again.error = outcome.outcome, error
            return again
        case Cancelled(reason=reason):
            return _ended(job, JobState.CANCELLED, AttemptOutcome.CANCELLED, reason)
        case Discarded(reason=reason, error=error):
            return _ended(job, JobState.DEAD, AttemptOutcome.DISCARDED, reason, error)
        case Snoozed(delay=delay):
            return _again_in(job, delay, job.attempt - 1, now)
        case Waiting(seen=seen, until=until) if job.wakes <= seen:
            return _again(job, JobState.WAITING, job.attempt - 1, until)
        case Waiting() | Released():
            return _again(job, JobState.QUEUED, job.attempt - 1)
        case _:
            raise AssertionError(f"no transition for {outcome!r}")


def may_be_quarantined(job: Running, quarantine_after: int | None) -> bool:
    """Whether it matters how many attempts in a row were lost. Counting them costs a store a look at the history."""
    return quarantine_after is not None and quarantine_after <= job.attempt < job.max_attempts


def after_loss(job: Running, losses: int, quarantine_after: int | None) -> Transition:
    """What becomes of a job whose worker was silent for longer than its lease.

    ``losses`` is how many attempts in a row were lost, this one included; it counts where ``may_be_quarantined``.
    """
    state, reason = JobState.QUEUED, job.reason
    if job.cancel_requested:
        state = JobState.CANCELLED
    elif job.attempt >= job.max_attempts:
        state = JobState.DEAD
    elif quarantine_after is not None and losses >= quarantine_after:
        state, reason = JobState.DEAD, quarantined(losses)
    return _ended(job, state, AttemptOutcome.LOST, reason, lease_lost(job.worker or ""))


def _ended(
    job: Running, state: JobState, ended: AttemptOutcome, reason: str | None, error: ErrorInfo | None = None
) -> Transition:
    return Transition(state=state, attempt=job.attempt, reason=reason, ended=ended, error=error)


def _again(job: Running, state: JobState, attempt: int, run_at: datetime | None = None) -> Transition:
    return Transition(state=state, attempt=attempt, run_at=run_at, reason=job.reason)


def _again_in(job: Running, delay: timedelta, attempt: int, now: datetime) -> Transition:
    # One outcome that cannot be stored would hold up all that end with it.
    return _again(job, JobState.SCHEDULED if delay > ZERO else JobState.QUEUED, attempt, now + min(delay, DURATION_MAX))
