"""Finish: what each outcome does to a job.

Settled here: ``Released`` keeps ``run_at``, so the job goes back to where it was in its queue. ``Snoozed`` and
``Failed`` with a retry set ``run_at``; a delay of nothing or less queues at once. ``Waiting`` with ``until`` sets
``run_at`` to it. ``Released``, ``Snoozed`` and ``Waiting`` give the attempt back and leave nothing in the history.
A requested cancellation changes where the job goes, not what is recorded of the attempt, and keeps the requester's
reason. A lease that ran out but was not rescued is current still.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from headrace.backends.memory.claiming import holder
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.model.durations import ZERO
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.outcome import (
    Cancelled,
    Completed,
    Discarded,
    Failed,
    Finish,
    Outcome,
    Released,
    Snoozed,
    Waiting,
)
from headrace.model.usage import Usage
from headrace.storage.jobs import Settled


def finish(state: State, finishes: Sequence[Finish]) -> list[Settled]:
    """Settle each job whose lease is current; the second of two finishes under one lease is stale."""
    return [_finish_one(state, each) for each in finishes]


def _finish_one(state: State, finish: Finish) -> Settled:
    record = holder(state, finish.lease)
    if record is None:
        return Settled.STALE
    _settle(state, record, finish.outcome, finish.usage)
    return Settled.APPLIED


def _settle(state: State, record: Record, outcome: Outcome, usage: Usage) -> None:
    match outcome:
        case Completed(result=result, codec=codec):
            state.end_attempt(record, AttemptOutcome.SUCCEEDED, usage=usage)
            kept_codec = None if result is None else codec
            _end(state, record, JobState.SUCCEEDED, result=result, result_codec=kept_codec)
        case Failed():
            _fail(state, record, outcome, usage)
        case Cancelled(reason=reason):
            state.end_attempt(record, AttemptOutcome.CANCELLED, usage=usage)
            _end(state, record, JobState.CANCELLED, reason=reason)
        case Discarded(reason=reason, error=error):
            state.end_attempt(record, AttemptOutcome.DISCARDED, error, usage)
            _end(state, record, JobState.DEAD, reason=reason, error=error or record.job.error)
        case Snoozed(delay=delay):
            _run_in(state, record, delay, attempt=record.job.attempt - 1)
        case Waiting():
            _wait(state, record, outcome)
        case Released():
            _go_on(state, record, JobState.QUEUED, attempt=record.job.attempt - 1)


def _fail(state: State, record: Record, failed: Failed, usage: Usage) -> None:
    state.end_attempt(record, failed.outcome, failed.error, usage)
    state.rates.count(record.job.queue, "failed", state.now)
    state.change(record, error=failed.error)
    if failed.retry_in is None:
        _end(state, record, JobState.DEAD)
    else:
        _run_in(state, record, failed.retry_in, attempt=record.job.attempt)


def _wait(state: State, record: Record, waiting: Waiting) -> None:
    attempt = record.job.attempt - 1
    if record.job.wakes > waiting.seen:
        _go_on(state, record, JobState.QUEUED, attempt=attempt)
        return
    record.timed = waiting.until is not None
    _go_on(state, record, JobState.WAITING, attempt=attempt, run_at=waiting.until or record.job.run_at)


def _run_in(state: State, record: Record, delay: timedelta, *, attempt: int) -> None:
    later = JobState.SCHEDULED if delay > ZERO else JobState.QUEUED
    _go_on(state, record, later, attempt=attempt, run_at=state.now + delay)


def _go_on(state: State, record: Record, following: JobState, *, attempt: int, **values: object) -> None:
    """Let the job run again, unless its cancellation was requested: then it has ended.

    ``attempt`` is the count from then on: one less where the attempt is given back.
    """
    if record.job.cancel_requested:
        _end(state, record, JobState.CANCELLED, attempt=attempt)
    else:
        state.change(record, state=following, attempt=attempt, **values)


def _end(state: State, record: Record, final: JobState, **values: object) -> None:
    state.change(record, state=final, finished_at=state.now, **values)
