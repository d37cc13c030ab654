"""What limits leave room for, and what a claim uses up of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.rules import Rules, make_rate
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.limits import Limit, LimitScope, LimitTarget, Pace, Rate

ANY = 1 << 31
"""Room where nothing limits it: more than any demand."""


class Gate:
    """One limit as a claim sees it. ``room`` is None without a limit of concurrency."""

    __slots__ = ("_drawn", "full_at", "mono", "pace", "room", "target")

    def __init__(self, target: LimitTarget, pace: Pace | None, room: int | None, full_at: int, mono: int) -> None:
        self.target = target
        self.pace = pace
        self.room = room
        self.full_at = full_at
        self.mono = mono
        self._drawn = False

    @property
    def free(self) -> int:
        """How many jobs may begin now."""
        room = ANY if self.room is None else self.room
        if self.pace is not None:
            room = min(room, self.pace.available(self.full_at, self.mono))
        return max(0, room)

    def take(self, count: int) -> None:
        """Let so many begin."""
        if self.room is not None:
            self.room -= count
        if self.pace is not None and count:
            self.full_at = self.pace.take(self.full_at, self.mono, count)
            self._drawn = True

    @property
    def opens_at(self) -> int | None:
        """When there is a token, if there is none now."""
        if self.pace is None or self.pace.available(self.full_at, self.mono) > 0:
            return None
        return self.pace.next_at(self.full_at, self.mono)

    @property
    def drawn(self) -> tuple[str, str, str, int] | None:
        """The bucket to be stored, if tokens were drawn."""
        return (self.target.scope, self.target.name, self.target.key, self.full_at) if self._drawn else None


def pace_of(rate: Rate | None) -> Pace | None:
    """How a rate is reckoned with, if there is one."""
    return None if rate is None else rate.pace


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
