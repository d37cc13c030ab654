"""The gates of a claim: limits with what is in use, read from their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.storage.lanes.gates import Gate, pace_of
from headrace.storage.lanes.rules import Rules, make_rate


def limit_of(transaction: Transaction, target: LimitTarget) -> Limit | None:
    """What limits the target, if anything: for a key, its own limit, or that of each key."""
    targets = [target]
    if target.scope is LimitScope.KEY:
        targets.append(LimitTarget(LimitScope.KEYS, target.name))
    for each in targets:
        place = (each.scope, each.name, each.key)
        for concurrency, count, per, burst in transaction.rows("get_limit", place):
            limit = Limit(target=each, concurrency=concurrency, rate=make_rate(count, per, burst))
            return None if limit.empty else limit
    return None


def shared_gates(transaction: Transaction, rules: Rules, queue: str) -> list[Gate]:
    """The gates that every job of the queue has to pass: those of the store and of the queue itself."""
    limits = [limit for limit in (rules.store_limit, rules.queue_limit(queue)) if limit is not None]
    full_at = _buckets_of(transaction, limits)
    gates = []
    for limit in limits:
        room = None
        if limit.concurrency is not None:
            of = queue if limit.target.scope is LimitScope.QUEUE else None
            room = limit.concurrency - transaction.counted("running", of)
        gates.append(Gate(limit.target, pace_of(limit.rate), room, full_at.get(limit.target, 0), transaction.mono))
    return gates


def task_gates(transaction: Transaction, rules: Rules) -> dict[str, Gate]:
    """The gates of limited tasks, by task."""
    counted = [task for task, limit in rules.tasks.items() if limit.concurrency is not None]
    running = dict(transaction.rows("running_tasks", {"tasks": as_json(counted)})) if counted else {}
    full_at = _buckets_of(transaction, rules.tasks.values())
    gates = {}
    for task, limit in rules.tasks.items():
        room = None if limit.concurrency is None else limit.concurrency - running[task]
        gates[task] = Gate(limit.target, pace_of(limit.rate), room, full_at.get(limit.target, 0), transaction.mono)
    return gates


def _buckets_of(transaction: Transaction, limits: Iterable[Limit]) -> dict[LimitTarget, int]:
    return buckets(transaction, [limit.target for limit in limits if limit.rate is not None])


def buckets(transaction: Transaction, targets: Sequence[LimitTarget]) -> dict[LimitTarget, int]:
    """When the buckets of these targets are full; those that were never drawn on are left out."""
    if not targets:
        return {}
    wanted = as_json([(target.scope, target.name, target.key) for target in targets])
    return {
        LimitTarget(LimitScope(scope), name, key): full_at
        for scope, name, key, full_at in transaction.rows("get_buckets", {"targets": wanted})
    }


def store_buckets(transaction: Transaction, gates: Iterable[Gate]) -> None:
    """Keep what was drawn."""
    transaction.insert("put_buckets", [drawn for gate in gates if (drawn := gate.drawn) is not None])
