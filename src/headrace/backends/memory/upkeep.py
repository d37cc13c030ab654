"""Upkeep, a bounded round at a time: promote, rescue, expire, prune. Two leaders at once do no harm.

Settled here: an instant has come when the clock reads it or later. ``promote`` keeps ``run_at``. ``rescue`` records the
attempt as ``lost`` and the job's ``error`` as ``LeaseLost``, whatever becomes of the job. ``expire`` ends jobs in every
pending state, also those between two attempts. ``prune`` takes jobs that ended strictly longer ago than the retention,
but for those that hold their unique key for a period, and forgets at most ``limit`` idempotency keys a round.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from headrace.backends.memory.heap import IndexedHeap, Key
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.backends.memory.uniqueness import holds_for_a_period
from headrace.model.ids import JobId
from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
from headrace.model.queue import Retention
from headrace.storage.jobs import Promotion, Rescued

LEASE_LOST = "LeaseLost"


def _come(heap: IndexedHeap, instant: datetime | float, limit: int) -> Iterator[str]:
    """Up to ``limit`` names whose key begins at ``instant`` or before; each must have left the heap before the next."""
    for _ in range(limit):
        first = heap.first()
        if first is None or first[1][0] > instant:
            return
        yield first[0]


def promote(state: State, limit: int) -> Promotion:
    """Queue jobs that are due, the longest due first."""
    queues = []
    for name in _come(state.due, state.now, limit):
        record = state.records[JobId(name)]
        state.change(record, state=JobState.QUEUED)
        queues.append(record.job.queue)
    following = state.due.first()
    return Promotion(
        count=len(queues), queues=frozenset(queues), next_due=following[1][0] if following is not None else None
    )


def rescue(state: State, limit: int) -> list[Rescued]:
    """Take jobs back from silent workers, the longest silent first."""
    return [_rescue_one(state, state.records[JobId(name)]) for name in _come(state.leased, state.mono, limit)]


def _rescue_one(state: State, record: Record) -> Rescued:
    job = record.job
    worker = job.worker or ""
    error = ErrorInfo(type=LEASE_LOST, message=f"worker {worker} was silent for longer than its lease")
    state.end_attempt(record, AttemptOutcome.LOST, error)
    state.rates.count(job.queue, "lost", state.now)
    if job.cancel_requested:
        state.change(record, state=JobState.CANCELLED, finished_at=state.now, error=error)
    elif job.attempt >= job.max_attempts:
        state.change(record, state=JobState.DEAD, finished_at=state.now, error=error)
    else:
        state.change(record, state=JobState.QUEUED, error=error)
    return Rescued(id=job.id, queue=job.queue, state=record.job.state, worker=worker)


def expire(state: State, limit: int) -> list[JobId]:
    """End jobs that were not started in time, the earliest to expire first."""
    expired = []
    for name in _come(state.expiring, state.now, limit):
        record = state.records[JobId(name)]
        state.change(record, state=JobState.EXPIRED, finished_at=state.now)
        expired.append(record.job.id)
    return expired


def prune(state: State, retention: Retention, limit: int) -> int:
    """Delete jobs past their retention, queue by queue, and forget keys past their window."""
    for key in _come(state.windows, state.now, limit):
        state.forget_key(key)
    pruned = 0
    for (queue, final), heap in state.ended.items():
        cutoff = state.now - getattr(state.queues[queue].retention or retention, final.value)
        pruned += _prune_ended(state, heap, cutoff, limit - pruned)
    return pruned


def _prune_ended(state: State, heap: IndexedHeap, cutoff: datetime, limit: int) -> int:
    """Delete what ended before the cutoff, the longest ended first; what holds its key for a period is put back."""
    pruned = 0
    held: list[tuple[str, Key]] = []
    while pruned < limit and (first := heap.first()) is not None and first[1][0] < cutoff:
        record = state.records[JobId(first[0])]
        if holds_for_a_period(record, state.now):
            held.append(first)
            heap.pop()
        else:
            state.remove(record)
            pruned += 1
    for name, key in held:
        heap.put(name, key)
    return pruned
