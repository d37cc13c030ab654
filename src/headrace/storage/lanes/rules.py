"""What a claim obeys: pauses, limits, and the order that each queue asks for, read in one look.

Where nothing is set, that look is all that limits cost.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import msgspec
from msgspec import Struct

from headrace.model.limits import Limit, LimitScope, LimitTarget, Rate

NO_AGEING_US = 1 << 59
"""What a level of priority is worth where priorities do not age: more microseconds than there are instants, and nine of
them still fit an integer of 64 bits."""

SEPARATOR = "\x1f"
"""Between the key and the limited task in a lane's name. Neither has it in its text: both are printable."""

RULES_KEPT = 8
"""Decoded rules that are kept: those of a few stores, and of the moment before a change."""


class QueueRule(Struct, array_like=True, frozen=True, gc=False):
    """What a queue has set; the order of fields is that of ``sql/rules.sql``."""

    name: str
    paused: int = 0
    fair: int = 0
    ordered: int = 0
    ageing: int | None = None


class _LimitRow(Struct, array_like=True, frozen=True, gc=False):
    scope: LimitScope
    name: str
    concurrency: int | None
    count: int | None
    per: int | None
    burst: int | None


class _Document(Struct, frozen=True, gc=False):
    queues: tuple[QueueRule, ...]
    limits: tuple[_LimitRow, ...]
    own: tuple[str, ...]


def make_rate(count: int | None, per: int | None, burst: int | None) -> Rate | None:
    """The rate of a row, if it has one."""
    return None if count is None or per is None else Rate(count, per=timedelta(microseconds=per), burst=burst)


class Rules:
    """The rules of a store at one instant. Immutable."""

    def __init__(self, document: _Document) -> None:
        self.queues = {rule.name: rule for rule in document.queues}
        self.paused = frozenset(rule.name for rule in document.queues if rule.paused)
        self.limits: dict[LimitTarget, Limit] = {}
        for row in document.limits:
            target = LimitTarget(row.scope, row.name)
            rate = make_rate(row.count, row.per, row.burst)
            self.limits[target] = Limit(target=target, concurrency=row.concurrency, rate=rate)
        self.store_limit = self.limits.get(LimitTarget(LimitScope.STORE))
        self.tasks = {target.name: limit for target, limit in self.limits.items() if target.scope is LimitScope.TASK}
        by_key = {target.name for target in self.limits if target.scope is LimitScope.KEYS}
        modes = {rule.name for rule in document.queues if rule.fair or rule.ordered}
        self.keyed_queues = by_key | modes | {*document.own}
        self._laned = self.keyed_queues | {rule.name for rule in document.queues if rule.ageing is not None}
        self.limited = bool(self.limits or document.own)
        self.any_lanes = bool(self._laned or self.tasks)

    def of(self, queue: str) -> QueueRule:
        """What the queue has set."""
        return self.queues.get(queue) or QueueRule(queue)

    def queue_limit(self, queue: str) -> Limit | None:
        """What limits the queue as a whole."""
        return self.limits.get(LimitTarget(LimitScope.QUEUE, queue))

    def keys_limit(self, queue: str) -> Limit | None:
        """What limits each key of the queue."""
        return self.limits.get(LimitTarget(LimitScope.KEYS, queue))

    def keyed(self, queue: str) -> bool:
        """Whether the queue tells keys apart."""
        return queue in self.keyed_queues

    def laned(self, queue: str) -> bool:
        """Whether the queue's jobs lie in lanes."""
        return queue in self._laned or bool(self.tasks)

    def free(self, queue: str) -> bool:
        """Whether a claim from the queue is held back by nothing but its demand."""
        return not self.laned(queue) and self.store_limit is None and self.queue_limit(queue) is None

    def step(self, queue: str) -> int:
        """How many microseconds a level of priority is worth."""
        ageing = self.of(queue).ageing
        return NO_AGEING_US if ageing is None else ageing

    def lane(self, queue: str, partition: str | None, task: str) -> tuple[str | None, int | None]:
        """The lane of a job, and the step of its rank there; None for none. As ``sql/assign_lanes.sql`` does."""
        if not self.laned(queue):
            return None, None
        if partition is not None and self.of(queue).ordered:
            return partition, None
        key = (partition or "") if self.keyed(queue) else ""
        return key + (SEPARATOR + task if task in self.tasks else ""), self.step(queue)

    def layout(self, queue: str) -> tuple[object, ...]:
        """What decides in which lane a job of the queue lies: while it stays the same, jobs stay where they are."""
        rule = self.of(queue)
        return self.laned(queue), self.keyed(queue), rule.fair, rule.ordered, rule.ageing, frozenset(self.tasks)


_decode = msgspec.json.Decoder(_Document).decode


@lru_cache(maxsize=RULES_KEPT)
def decode_rules(document: str) -> Rules:
    """Rules from what ``sql/rules.sql`` answers; they are the same most of the time."""
    return Rules(_decode(document))
