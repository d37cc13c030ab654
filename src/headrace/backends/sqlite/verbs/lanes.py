"""Lanes: which jobs of a queue with keys or limited tasks are next, as :mod:`headrace.backends.memory.lanes` promises.

A claim derives the lanes that are stale, takes as many ready ones as it wants jobs, in their order, reads a few jobs of
each, and merges them. So it costs what it claims and what has moved since the last, not what waits.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import msgspec
from msgspec.structs import astuple

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.transaction import Transaction
from headrace.storage.lanes.layout import LaneRules, ReadyLane, StaleLane
from headrace.storage.lanes.merge import LaneJob, LaneJobs, Merge, Wanted
from headrace.storage.lanes.rules import Rules

STALE_MAX = 1_000
"""Lanes derived in one statement: bounds the memory it takes after a bulk enqueue to very many keys."""

_decode_stale = msgspec.json.Decoder(list[StaleLane]).decode
_decode_ready = msgspec.json.Decoder(list[ReadyLane]).decode
_decode_jobs = msgspec.json.Decoder(list[tuple[str, list[LaneJob]]]).decode


class Layout(LaneRules):
    """The lanes of one queue within one transaction."""

    def __init__(self, transaction: Transaction, rules: Rules, queue: str) -> None:
        super().__init__(rules, queue, now=transaction.now, mono=transaction.mono)
        self._transaction = transaction
        self._given = False
        self.anything = True
        if self.fair:
            for turns, queued in transaction.rows("last_turn", {"queue": queue}):
                self.last_turn, self.anything = turns, bool(queued)

    def bring_up_to_date(self) -> None:
        """Derive every lane whose jobs moved, for which a token came, or in which a job expired."""
        transaction, queue = self._transaction, self.queue
        transaction.run("wake_lanes", {"queue": queue, "mono": transaction.mono})
        gives = self.fair and not self._given
        self._given = True
        while True:
            values = {"queue": queue, "now": transaction.now, "ordered": self.rule.ordered, "limit": STALE_MAX}
            stale = _decode_stale(transaction.value("stale_lanes", values))
            if stale:
                if gives:
                    self._give(stale)
                transaction.insert("put_lanes", [astuple(lane) for lane in self.derive(stale)])
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
                values = {"queue": self.queue, "task": task, "now": self._transaction.now, "limit": limit}
                found = _decode_ready(self._transaction.value("ready_lanes", values))
                lanes += [(task, lane) for lane in found]
                more = more or len(found) == limit
            expired = [(self.queue, lane.key, lane.lane) for _, lane in lanes if not lane.fresh]
            if not expired:
                return lanes, more
            self._transaction.insert("stale_again", expired)
            self.bring_up_to_date()

    def answer(self, picking: Generator[Wanted, LaneJobs, list[int]]) -> list[int]:
        """What a merge picked, once it was told what it asked for."""
        try:
            asked = next(picking)
            while True:
                asked = picking.send(self._jobs(asked))
        except StopIteration as done:
            picked: list[int] = done.value
            return picked

    def keep_turns(self, merge: Merge) -> None:
        """Keep which keys were served."""
        if self.fair:
            turns = [(self.queue, lane.key, lane.lane, turn) for lane, turn in merge.served]
            self._transaction.insert("put_turns", turns)
            self._keep_last_turn()

    def _jobs(self, asked: Wanted) -> LaneJobs:
        values = {"queue": self.queue, "lanes": as_json(asked.lanes), "now": self.now, "limit": asked.limit}
        return _decode_jobs(self._transaction.value("lane_jobs", values))

    def _give(self, stale: Sequence[StaleLane]) -> None:
        before = self.last_turn
        self.give_turns(stale)
        if self.last_turn != before:
            self._keep_last_turn()

    def _keep_last_turn(self) -> None:
        self._transaction.run("set_last_turn", (self.last_turn, self.queue))


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
