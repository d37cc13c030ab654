"""Finishing: what each outcome does to a job.

The common outcome, a job that succeeded, is settled for the whole batch in one statement; the others, one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from msgspec import Struct

from headrace.backends.sqlite.rows import HeldRow, as_json
from headrace.backends.sqlite.times import duration_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.held import held
from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
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
from headrace.model.usage import UNKNOWN, Usage
from headrace.storage.jobs import Settled
from headrace.storage.signals import DONE, DUE, WORK


class Settlement(Struct, kw_only=True, gc=False):
    """Where an outcome takes a job, and what it leaves in the history."""

    state: JobState
    attempt: int
    run_at: int
    wake_at: int | None = None
    reason: str | None = None
    ended: AttemptOutcome | None = None
    error: ErrorInfo | None = None
    usage: Usage = UNKNOWN


def finish_many(transaction: Transaction, finishes: Sequence[Finish]) -> list[Settled]:
    """Settle what is held; answer STALE for the rest."""
    replies = [Settled.STALE] * len(finishes)
    succeeded: list[HeldRow] = []
    for row in held(transaction, [finish.lease for finish in finishes]):
        replies[row.index] = Settled.APPLIED
        outcome = finishes[row.index].outcome
        if type(outcome) is Completed:
            succeeded.append(row)
        else:
            settlement = _settlement(row, outcome, transaction.now)
            settlement.usage = finishes[row.index].usage
            _settle(transaction, row, settlement)
    if succeeded:
        _succeed(transaction, succeeded, finishes)
    return replies


def _succeed(transaction: Transaction, rows: Sequence[HeldRow], finishes: Sequence[Finish]) -> None:
    seqs, measured, results = [], [], []
    for row in rows:
        finish = finishes[row.index]
        outcome, usage = finish.outcome, finish.usage
        assert isinstance(outcome, Completed)
        if usage is UNKNOWN:
            seqs.append(row.seq)
        else:
            measured.append((row.seq, usage.cpu_us, usage.peak_rss_bytes))
        if outcome.result is not None:
            results.append((row.seq, outcome.codec, outcome.result))
    if seqs:
        transaction.run("mark_succeeded", {"seqs": as_json(seqs), "now": transaction.now})
    if measured:
        transaction.run("mark_measured", {"rows": as_json(measured), "now": transaction.now})
    if results:
        transaction.insert("insert_results", results)
    for queue, group in groupby(rows, key=lambda row: row.queue):
        count = sum(1 for _ in group)
        transaction.move(queue, "running", "succeeded", count)
        transaction.happened(queue, "succeeded", count)
    if transaction.heard(DONE):
        for row in rows:
            transaction.announce(DONE, row.id)


def _settle(transaction: Transaction, row: HeldRow, settlement: Settlement) -> None:
    state = settlement.state
    if settlement.ended is not None:
        record_attempt(transaction, row, settlement.ended, settlement.error, settlement.usage)
        if settlement.ended in (AttemptOutcome.FAILED, AttemptOutcome.TIMED_OUT):
            transaction.happened(row.queue, "failed")
    values = {
        "seq": row.seq,
        "state": state.value,
        "attempt": settlement.attempt,
        "run_at": settlement.run_at,
        "wake_at": settlement.wake_at,
        "finished_at": transaction.now if state.final else None,
        "moved_at": transaction.now,
        "reason": settlement.reason,
        "cancel": row.cancel,
        "fingerprint": None if settlement.error is None else settlement.error.fingerprint,
    }
    transaction.run("settle", values)
    transaction.move(row.queue, "running", state)
    if state is JobState.DEAD:
        transaction.happened(row.queue, "dead")
    announce_state(transaction, row.id, row.queue, state)


def announce_state(transaction: Transaction, job_id: str, queue: str, state: JobState) -> None:
    """Tell those who may be waiting for a job to come into this state."""
    if state is JobState.QUEUED:
        transaction.announce(WORK, queue)
    elif state.final:
        transaction.announce(DONE, job_id)
    else:
        transaction.announce(DUE, queue)


def record_attempt(
    transaction: Transaction, row: HeldRow, outcome: AttemptOutcome, error: ErrorInfo | None, usage: Usage = UNKNOWN
) -> None:
    """Add the attempt that is under way to the history."""
    values = (
        row.seq, row.claims, row.attempt, outcome.value, row.worker, row.started_at, transaction.now,
        None if error is None else as_json(error), usage.cpu_us, usage.peak_rss_bytes,
    )  # fmt: skip
    transaction.run("insert_attempts", values)


def _settlement(row: HeldRow, outcome: Outcome, now: int) -> Settlement:
    settlement = _plain_settlement(row, outcome, now)
    if row.cancel and not settlement.state.final:
        # Someone asked for it while it ran: what would run again has ended instead.
        settlement.state, settlement.wake_at = JobState.CANCELLED, None
        settlement.run_at = row.run_at
    return settlement


def _plain_settlement(row: HeldRow, outcome: Outcome, now: int) -> Settlement:
    match outcome:
        case Failed(error=error, retry_in=None):
            return _ended(row, JobState.DEAD, outcome.outcome, row.reason, error)
        case Failed(error=error, retry_in=timedelta() as delay):
            again = _again_in(row, delay, row.attempt, now)
            again.ended, again.error = outcome.outcome, error
            return again
        case Cancelled(reason=reason):
            return _ended(row, JobState.CANCELLED, AttemptOutcome.CANCELLED, reason, None)
        case Discarded(reason=reason, error=error):
            return _ended(row, JobState.DEAD, AttemptOutcome.DISCARDED, reason, error)
        case Snoozed(delay=delay):
            return _again_in(row, delay, row.attempt - 1, now)
        case Waiting():
            return _wait(row, outcome)
        case Released():
            return _again(row, JobState.QUEUED, row.attempt - 1)
        case _:
            raise AssertionError(f"no settlement for {outcome!r}")


def _ended(
    row: HeldRow, state: JobState, ended: AttemptOutcome, reason: str | None, error: ErrorInfo | None
) -> Settlement:
    return Settlement(state=state, attempt=row.attempt, run_at=row.run_at, reason=reason, ended=ended, error=error)


def _again(row: HeldRow, state: JobState, attempt: int) -> Settlement:
    return Settlement(state=state, attempt=attempt, run_at=row.run_at, reason=row.reason)


def _again_in(row: HeldRow, delay: timedelta, attempt: int, now: int) -> Settlement:
    again = _again(row, JobState.QUEUED, attempt)
    again.run_at = now + duration_us(delay)
    if again.run_at > now:
        again.state, again.wake_at = JobState.SCHEDULED, again.run_at
    return again


def _wait(row: HeldRow, waiting: Waiting) -> Settlement:
    if row.wakes > waiting.seen:
        return _again(row, JobState.QUEUED, row.attempt - 1)
    parked = _again(row, JobState.WAITING, row.attempt - 1)
    if waiting.until is not None:
        parked.run_at = parked.wake_at = to_us(waiting.until)
    return parked
