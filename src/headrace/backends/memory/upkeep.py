"""Upkeep, a bounded round at a time: promote, rescue, expire, prune. Two leaders at once do no harm.

Settled here: an instant has come when the clock reads it or later. ``promote`` keeps ``run_at``. Losses in a row are
counted since the job's first attempt or the last retry by a person; attempts that were given back do not break the
row. ``expire`` ends jobs in every pending state, also those between two attempts. ``prune`` takes jobs that ended
strictly longer ago than the retention, but for those that hold their unique key for a period, and forgets at most
``limit`` idempotency keys a round.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from headrace.backends.memory.finishing import store
from headrace.backends.memory.heap import IndexedHeap, Key
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.backends.memory.uniqueness import holds_for_a_period
from headrace.model.ids import JobId
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.queue import Retention
from headrace.model.settling import after_loss
from headrace.storage.jobs import Expiration, Promotion, Rescued
from headrace.storage.signals import WORK, topic


def _come(heap: IndexedHeap, instant: datetime | float, limit: int) -> Iterator[str]:
    """Up to ``limit`` names whose key begins at ``instant`` or before; each must have left the heap before the next."""
    for _ in range(limit):
        first = heap.first()
        if first is None or first[1][0] > instant:
            return
        yield first[0]


def promote(state: State, limit: int) -> Promotion:
    """Queue jobs that are due, the longest due first, and call the queues for which a token has come."""
    queues = _opened(state)
    count = 0
    for name in _come(state.due, state.now, limit):
        record = state.records[JobId(name)]
        state.change(record, state=JobState.QUEUED)
        queues.add(record.job.queue)
        count += 1
    instants = [state.now + timedelta(microseconds=at - state.mono_us) for at in state.openings.values()]
    if (following := state.due.first()) is not None:
        instants.append(following[1][0])
    return Promotion(count=count, queues=frozenset(queues), next_due=min(instants, default=None))


def _opened(state: State) -> set[str]:
    opened = {queue for queue, at in state.openings.items() if at <= state.mono_us}
    for queue in opened:
        del state.openings[queue]
        state.topics[topic(WORK, queue)] = None
    return opened


def rescue(state: State, limit: int, quarantine_after: int | None) -> list[Rescued]:
    """Take jobs back from silent workers, the longest silent first."""
    late = _come(state.leased, state.mono, limit)
    return [_rescue_one(state, state.records[JobId(name)], quarantine_after) for name in late]


def _losses_in_a_row(record: Record) -> int:
    """Attempts lost, with the running one, without one that ended otherwise, since a person last retried the job."""
    losses, number = 1, record.job.attempt
    for attempt in reversed(record.attempts):
        if number == 1 or attempt.outcome is not AttemptOutcome.LOST:
            break
        losses, number = losses + 1, attempt.number
    return losses


def _rescue_one(state: State, record: Record, quarantine_after: int | None) -> Rescued:
    job = record.job
    store(state, record, after_loss(job, _losses_in_a_row(record), quarantine_after))
    return Rescued(id=job.id, queue=job.queue, state=record.job.state, worker=job.worker or "")


def expire(state: State, limit: int) -> Expiration:
    """End jobs that were not started in time, the earliest to expire first."""
    expired = []
    for name in _come(state.expiring, state.now, limit):
        record = state.records[JobId(name)]
        state.change(record, state=JobState.EXPIRED, finished_at=state.now)
        expired.append(record.job.id)
    following = state.expiring.first()
    return Expiration(ids=tuple(expired), next_expiry=None if following is None else following[1][0])


def prune(state: State, retention: Retention, limit: int) -> int:
    """Delete jobs past their retention, queue by queue, and forget keys past their window, and idle keys' turns."""
    state.forget_turns()
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
