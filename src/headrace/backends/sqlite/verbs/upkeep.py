"""Upkeep, a bounded round at a time. Two leaders at once do no harm: each round is one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from headrace.backends.sqlite.rows import HeldRow, as_json, decode_held
from headrace.backends.sqlite.times import duration_us, from_us, maybe_from_us, to_us
from headrace.backends.sqlite.transaction import RATE_BUCKET_US, Transaction
from headrace.backends.sqlite.verbs.finish import announce_state, store
from headrace.backends.sqlite.verbs.forget import forget_jobs
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.queue import RATES_KEPT, Retention, cutoffs
from headrace.model.settling import after_loss, may_be_quarantined
from headrace.storage.jobs import Expiration, Promotion, Rescued
from headrace.storage.signals import WORK

VOUCHED_MAX_US = 600 * 1_000_000
"""How long a worker whose process lives may be silent past its lease. Code that holds the interpreter's lock for ten
minutes is as good as dead, and somebody has to run its jobs."""


def nothing_due(transaction: Transaction) -> Promotion | None:
    """The empty answer when no job is due, found without taking the write lock; None otherwise."""
    next_due = _next_due(transaction)
    if next_due is None:
        return Promotion(count=0)
    return None if next_due <= transaction.now else Promotion(count=0, next_due=from_us(next_due))


def _next_due(transaction: Transaction) -> int | None:
    """When the next job is due, or the next token comes for a claim that was held back."""
    due, opening = next(transaction.rows("next_due"))
    instants = [due, None if opening is None else transaction.now + opening - transaction.mono]
    return min((instant for instant in instants if instant is not None), default=None)


def promote(transaction: Transaction, limit: int) -> Promotion:
    """Queue jobs that are due, the longest due first, and call the queues for which a token has come."""
    due = list(transaction.rows("select_due", {"now": transaction.now, "limit": limit}))
    transaction.run("mark_promoted", {"seqs": as_json([row[0] for row in due]), "now": transaction.now})
    for _, queue, state in due:
        transaction.move(queue, state, "queued")
    opened = {queue for (queue,) in transaction.rows("take_openings", (transaction.mono,))}
    queues = opened.union(row[1] for row in due)
    for queue in queues:
        transaction.announce(WORK, queue)
    next_due = _next_due(transaction)
    return Promotion(count=len(due), queues=frozenset(queues), next_due=None if next_due is None else from_us(next_due))


class Judge(Protocol):
    """Who can tell whether a worker's process lives."""

    def judge(self, workers: Iterable[str]) -> tuple[set[str], set[str]]:
        """The workers that are seen to live, and those that are seen to be dead."""
        ...

    def bury(self, workers: Iterable[str]) -> None:
        """Forget dead workers that hold no job any more."""
        ...


def nothing_lost(transaction: Transaction, judge: Judge) -> list[Rescued] | None:
    """The empty answer when no lease ran out and no holder is dead, found without the write lock; None otherwise."""
    holders = _holders(transaction)
    _, dead = judge.judge(holders)
    return None if dead or any(holders.values()) else []


def _holders(transaction: Transaction) -> dict[str, bool]:
    """The workers that hold jobs, and whether any of their leases ran out."""
    return {worker: bool(late) for worker, late in transaction.rows("running_workers", {"mono": transaction.mono})}


def rescue(transaction: Transaction, limit: int, judge: Judge, quarantine_after: int | None) -> list[Rescued]:
    """Take jobs back from workers that are silent, or known to be dead.

    A worker whose process is seen to live keeps its jobs for up to ten minutes of silence past the lease; one whose
    process is seen to be gone loses them before the lease ends.
    """
    alive, dead = judge.judge(_holders(transaction))
    silence = {"alive": as_json(list(alive)), "mono": transaction.mono, "limit_us": VOUCHED_MAX_US}
    transaction.run("note_silence", silence)
    lost = {"mono": transaction.mono, "dead": as_json(list(dead)), "limit": limit}
    rows = decode_held(transaction.value("select_lost", lost))
    rescued = [_rescue_one(transaction, row, quarantine_after) for row in rows]
    judge.bury(dead - _holders(transaction).keys())
    return rescued


def _rescue_one(transaction: Transaction, row: HeldRow, quarantine_after: int | None) -> Rescued:
    losses = 1
    if row.attempt > 1 and may_be_quarantined(row, quarantine_after):
        losses += transaction.value("losses_in_a_row", {"seq": row.seq})
    transition = after_loss(row, losses, quarantine_after)
    store(transaction, row, transition)
    return Rescued(id=JobId(row.id), queue=row.queue, state=transition.state, worker=row.worker)


def nothing_expired(transaction: Transaction) -> Expiration | None:
    """The empty answer when no job has expired, found without taking the write lock; None otherwise."""
    first = transaction.value("next_expiry")
    return Expiration(next_expiry=maybe_from_us(first)) if first is None or first > transaction.now else None


def expire(transaction: Transaction, limit: int) -> Expiration:
    """End jobs that were not started in time, the earliest to expire first."""
    rows = list(transaction.rows("select_expired", {"now": transaction.now, "limit": limit}))
    transaction.run("mark_expired", {"seqs": as_json([row[0] for row in rows]), "now": transaction.now})
    for _, job_id, queue, state in rows:
        transaction.move(queue, state, "expired")
        announce_state(transaction, job_id, queue, JobState.EXPIRED)
    following = maybe_from_us(transaction.value("next_expiry"))
    return Expiration(ids=tuple(JobId(row[1]) for row in rows), next_expiry=following)


def prune(transaction: Transaction, retention: Retention, limit: int) -> int:
    """Delete jobs past their retention, and keys and rates past their time."""
    transaction.run("forget_keys", {"now": transaction.now, "limit": limit})
    transaction.run("forget_rates", ((transaction.now - duration_us(RATES_KEPT)) // RATE_BUCKET_US,))
    transaction.run("forget_entries", {"mono": transaction.mono, "limit": limit})
    transaction.run("forget_lanes", {"limit": limit})
    transaction.run("forget_stale_lanes", {"limit": limit})
    transaction.run("forget_buckets", {"mono": transaction.mono, "limit": limit})
    pruned = 0
    own = {name: msgspec.json.decode(text, type=Retention) for name, text in transaction.rows("own_retentions")}
    for state, before, only in cutoffs(from_us(transaction.now), retention, own):
        if pruned < limit:
            values = {"state": state, "cutoff": to_us(before), "only": only, "now": transaction.now}
            values |= {"without": as_json(list(own) if only is None else []), "limit": limit - pruned}
            rows = list(transaction.rows("select_ended", values))
            seqs = [row[0] for row in rows]
            transaction.run("keep_key_states", {"seqs": as_json(seqs)})
            forget_jobs(transaction, seqs)
            for _, queue in rows:
                transaction.move(queue, state, None)
            pruned += len(rows)
    return pruned
