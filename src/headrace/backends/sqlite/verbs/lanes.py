"""Lanes: which jobs of a queue with keys or limited tasks are next, as :mod:`headrace.backends.memory.lanes` promises.

A claim derives the lanes that are stale, takes as many ready ones as it wants jobs, in their order, reads a few jobs of
each, and merges them. So it costs what it claims and what has moved since the last, not what waits.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.rules import Rules, make_rate
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.gates import Gate, pace_of
from headrace.model.limits import LimitScope, LimitTarget, Pace

STALE_MAX = 1_000
"""Lanes derived in one statement: bounds the memory it takes after a bulk enqueue to very many keys."""


class _Own(Struct, array_like=True, gc=False):
    """The last fields of a lane: the limit that its key has for itself, and when its bucket is full."""

    own: int
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None
    full_at: int | None


class StaleLane(Struct, array_like=True, gc=False):
    """A lane to be derived; the order of fields is that of ``sql/stale_lanes.sql``."""

    key: str
    lane: str
    strict: int
    turn: int | None
    first: int | None
    head: int | None
    running: int
    priority: int | None
    run_at: int | None
    task: str | None
    state: str | None
    expires_at: int | None
    own: int
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None
    full_at: int | None


class ReadyLane(Struct, array_like=True, gc=False):
    """A lane whose head may begin; the order of fields is that of ``sql/ready_lanes.sql``."""

    key: str
    lane: str
    turn: int | None
    head: int
    level: int
    place: int
    running: int
    fresh: int
    own: int
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None
    full_at: int | None


_decode_stale = msgspec.json.Decoder(list[StaleLane]).decode
_decode_ready = msgspec.json.Decoder(list[ReadyLane]).decode


class Layout:
    """The lanes of one queue within one transaction."""

    def __init__(self, transaction: Transaction, rules: Rules, queue: str) -> None:
        self._transaction = transaction
        self._queue = queue
        self._rule = rules.of(queue)
        self._step = rules.step(queue)
        self._tasks = rules.tasks
        limit = rules.keys_limit(queue)
        self._concurrency = None if limit is None else limit.concurrency
        self._pace = None if limit is None else pace_of(limit.rate)
        self.fair = bool(self._rule.fair)
        self.aged = self._rule.ageing is not None
        self._given = False
        self.last_turn, self.anything = 0, True
        if self.fair:
            for turns, queued in transaction.rows("last_turn", {"queue": queue}):
                self.last_turn, self.anything = turns, bool(queued)

    def derive(self) -> None:
        """Bring every lane up to date whose jobs moved, for which a token came, or in which a job expired."""
        transaction, queue = self._transaction, self._queue
        transaction.run("wake_lanes", {"queue": queue, "mono": transaction.mono})
        gives = self.fair and not self._given
        self._given = True
        while True:
            values = {"queue": queue, "now": transaction.now, "ordered": self._rule.ordered, "limit": STALE_MAX}
            stale = _decode_stale(transaction.value("stale_lanes", values))
            if stale:
                if gives:
                    self._give_turns(stale)
                derived = [self._derived(lane) for lane in stale]
                transaction.insert("put_lanes", derived)
            if len(stale) < STALE_MAX:
                return

    def ready(self, tasks: Sequence[str], limit: int) -> tuple[list[tuple[str, ReadyLane]], bool]:
        """The first lanes of each of these tasks ('' for those without a limit), each with its task.

        And whether there may be more. None of their heads has expired.
        """
        while True:
            lanes: list[tuple[str, ReadyLane]] = []
            more = False
            for task in tasks:
                values = {"queue": self._queue, "task": task, "now": self._transaction.now, "limit": limit}
                found = _decode_ready(self._transaction.value("ready_lanes", values))
                lanes += [(task, lane) for lane in found]
                more = more or len(found) == limit
            expired = [(self._queue, lane.key, lane.lane) for _, lane in lanes if not lane.fresh]
            if not expired:
                return lanes, more
            self._transaction.insert("stale_again", expired)
            self.derive()

    def gate(self, lane: ReadyLane) -> Gate:
        """What the lane's key leaves room for."""
        target = LimitTarget(LimitScope.KEY, self._queue, lane.key)
        concurrency, pace = self._limit(lane)
        room = None if concurrency is None else concurrency - lane.running
        return Gate(target, pace, room, lane.full_at or 0, self._transaction.mono)

    def strict(self, lane: ReadyLane) -> bool:
        """Whether the lane is an ordered key: its head goes, and nothing else."""
        return bool(self._rule.ordered and lane.key)

    def _limit(self, lane: StaleLane | ReadyLane) -> tuple[int | None, Pace | None]:
        """The concurrency and the pace of a lane's key: its own, or those of each key."""
        if not lane.key:
            return None, None
        if lane.own:
            return lane.concurrency, pace_of(make_rate(lane.count, lane.per, lane.burst))
        return self._concurrency, self._pace

    def _give_turns(self, stale: Sequence[StaleLane]) -> None:
        """Keys that come get the next turns, in the order of their first jobs; those without jobs lose theirs.

        Once in a claim: what it takes itself costs no key its turn.
        """
        firsts: dict[str, int] = {}
        for lane in stale:
            if lane.first is not None and lane.turn is None:
                firsts[lane.key] = min(lane.first, firsts.get(lane.key, lane.first))
        turns = {key: self.last_turn + n for n, key in enumerate(sorted(firsts, key=lambda key: firsts[key]), start=1)}
        self.last_turn += len(turns)
        if turns:
            self._transaction.run("set_last_turn", (self.last_turn, self._queue))
        for lane in stale:
            lane.turn = None if lane.first is None else turns.get(lane.key, lane.turn)

    def _derived(self, lane: StaleLane) -> tuple[object, ...]:
        """The lane's columns, in the order of ``sql/put_lanes.sql``."""
        concurrency, pace = self._limit(lane)
        room = None if concurrency is None else concurrency - lane.running
        claimable, expired = self._claimable(lane)
        level, place = self._order(lane) if claimable else (None, None)
        ready = claimable and (room is None or room > 0)
        opens_at = None
        mono = self._transaction.mono
        if ready and pace is not None and lane.full_at is not None and not pace.available(lane.full_at, mono):
            ready, opens_at = False, pace.next_at(lane.full_at, mono)
        task = lane.task if lane.task in self._tasks else ""
        loses_turn = lane.first is None and lane.turn is not None  # at the next claim
        stale = 2 if expired or loses_turn else 0
        return self._queue, lane.key, lane.lane, stale, task, lane.head, level, place, lane.turn, ready, opens_at

    def _claimable(self, lane: StaleLane) -> tuple[bool, bool]:
        """Whether the lane's head may begin as far as its order goes, and whether an expired job stands in the way."""
        if not lane.strict:
            return lane.head is not None, lane.head != lane.first
        expired = lane.state == "queued" and lane.expires_at is not None and lane.expires_at <= self._transaction.now
        return lane.state == "queued" and not lane.running and not expired, expired

    def _order(self, lane: StaleLane) -> tuple[int, int | None]:
        assert lane.priority is not None
        assert lane.run_at is not None
        if self.fair:
            return 0 if self.aged else -lane.priority, lane.turn
        return lane.run_at - lane.priority * self._step, lane.head


def enter_lanes(transaction: Transaction, queue: str, seqs: Sequence[int]) -> None:
    """Put jobs of a queue into the lanes they belong to, where it has any."""
    rules = transaction.rules()
    rule = rules.of(queue)
    values = {
        "seqs": as_json(seqs),
        "laned": rules.laned(queue),
        "keyed": rules.keyed(queue),
        "ordered": rule.ordered,
        "step": rules.step(queue),
    }
    transaction.run("assign_lanes", values)
