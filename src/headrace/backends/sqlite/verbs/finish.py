"""Finishing. What each outcome does to a job is told by :mod:`headrace.model.settling`.

The common outcome, a job that succeeded, is settled for the whole batch in one statement; the others, one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from headrace.backends.sqlite.rows import HeldRow, as_json
from headrace.backends.sqlite.times import from_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.held import held
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.outcome import Completed, Finish
from headrace.model.settling import Transition, settle
from headrace.model.usage import UNKNOWN
from headrace.storage.jobs import Settled
from headrace.storage.signals import DONE, EXPIRY, arrival


def finish_many(transaction: Transaction, finishes: Sequence[Finish]) -> list[Settled]:
    """Settle what is held; answer STALE for the rest."""
    replies = [Settled.STALE] * len(finishes)
    succeeded: list[HeldRow] = []
    others: list[HeldRow] = []
    for row in held(transaction, [finish.lease for finish in finishes]):
        replies[row.index] = Settled.APPLIED
        (succeeded if type(finishes[row.index].outcome) is Completed else others).append(row)
    if succeeded:
        _succeed(transaction, succeeded, finishes)
    if others:
        now = from_us(transaction.now)
        for row in others:
            finish = finishes[row.index]
            store(transaction, row, settle(row, finish.outcome, now, finish.usage))
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


def store(transaction: Transaction, row: HeldRow, transition: Transition) -> None:
    """Take a running job where its transition says, keep the attempt if it ended, and tell who waits."""
    state, error = transition.state, transition.error
    if transition.ended is not None:
        _record_attempt(transaction, row, transition.ended, transition)
    if transition.event is not None:
        transaction.happened(row.queue, transition.event)
    values = {
        "seq": row.seq,
        "state": state.value,
        "attempt": transition.attempt,
        "run_at": row.run_at if transition.run_at is None else to_us(transition.run_at),
        "wake_at": None if transition.wake_at is None else to_us(transition.wake_at),
        "finished_at": transaction.now if state.final else None,
        "moved_at": transaction.now,
        "reason": transition.reason,
        "cancel": row.cancel_requested,
        "fingerprint": None if error is None else error.fingerprint,
    }
    if transaction.value("settle", values):
        transaction.announce(EXPIRY, row.queue)
    transaction.move(row.queue, "running", state)
    if state is JobState.DEAD:
        transaction.happened(row.queue, "dead")
    announce_state(transaction, row.id, row.queue, state)


def announce_state(transaction: Transaction, job_id: str, queue: str, state: JobState) -> None:
    """Tell those who may be waiting for a job to come into this state."""
    transaction.announce(*arrival(job_id, queue, state))


def _record_attempt(transaction: Transaction, row: HeldRow, ended: AttemptOutcome, transition: Transition) -> None:
    """Add the attempt that is under way to the history."""
    error, usage = transition.error, transition.usage
    values = (
        row.seq, row.claims, row.attempt, ended.value, row.worker, row.started_at, transaction.now,
        None if error is None else as_json(error), usage.cpu_us, usage.peak_rss_bytes,
    )  # fmt: skip
    transaction.run("insert_attempts", values)
