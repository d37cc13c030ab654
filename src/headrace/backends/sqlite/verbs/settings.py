"""Changing what claims obey: settings of queues, and limits. What it moves between lanes, it moves at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from headrace.backends.sqlite.lane_triggers import unwatch_lanes, watch_lanes
from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import duration_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.gates import limit_of
from headrace.backends.sqlite.verbs.lanes import enter_lanes
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.queue import QueueSettings
from headrace.storage.signals import WORK

_decode_seqs = msgspec.json.Decoder(list[int]).decode


def configure_queues(transaction: Transaction, settings: Sequence[QueueSettings]) -> None:
    """Store settings; claims of queues that are not paused are tried again."""

    def store() -> None:
        for each in settings:
            paused_at = None if each.paused_at is None else to_us(each.paused_at)
            retention = None if each.retention is None else as_json(each.retention)
            ageing = None if each.ageing is None else duration_us(each.ageing)
            values = (each.name, each.paused, each.pause_reason, paused_at, retention, each.fair, each.ordered, ageing)
            transaction.run("put_queue", values)

    _change(transaction, [each.name for each in settings], store)
    for each in settings:
        if not each.paused:
            transaction.announce(WORK, each.name)


def set_limits(transaction: Transaction, limits: Sequence[Limit]) -> None:
    """Store limits; every claim is tried again."""

    def store() -> None:
        for limit in limits:
            place = (limit.target.scope, limit.target.name, limit.target.key)
            if limit.empty and limit.target.scope is not LimitScope.KEY:
                list(transaction.rows("remove_limit", place))
            else:
                rate = limit.rate
                per = None if rate is None else duration_us(rate.per)
                count, burst = (None, None) if rate is None else (rate.count, rate.burst)
                transaction.run("put_limit", (*place, limit.concurrency, count, per, burst))

    _change_limits(transaction, store)
    for limit in limits:
        _adopt_buckets(transaction, limit.target)


def remove_limits(transaction: Transaction, targets: Sequence[LimitTarget]) -> list[bool]:
    """Take limits away; answers which there were."""
    there: list[bool] = []

    def remove() -> None:
        there.extend(
            bool(list(transaction.rows("remove_limit", (target.scope, target.name, target.key)))) for target in targets
        )

    _change_limits(transaction, remove)
    for target in targets:
        _adopt_buckets(transaction, target)
    return there


def _adopt_buckets(transaction: Transaction, target: LimitTarget) -> None:
    """Bring what was drawn under another rate within what the present one's bucket holds."""
    limit = limit_of(transaction, target)
    if limit is None or limit.rate is None:
        return
    most = limit.rate.pace.adopt(1 << 62, transaction.mono)
    if target.scope is LimitScope.KEYS:
        transaction.run("adopt_key_buckets", {"queue": target.name, "most": most})
    else:
        transaction.run("adopt_bucket", (most, target.scope, target.name, target.key))


def _change_limits(transaction: Transaction, store: Callable[[], None]) -> None:
    queues = [name for (name,) in transaction.rows("known_queues")]
    _change(transaction, queues, store)
    transaction.run("stale_all_lanes")
    transaction.announce(WORK, "*")


def _change(transaction: Transaction, queues: Iterable[str], store: Callable[[], None]) -> None:
    """Change the rules, and put the open jobs of those queues whose layout changed by it into other lanes."""
    before = transaction.rules()
    store()
    transaction.forget_rules()
    after = transaction.rules()
    if after.any_lanes:
        watch_lanes(transaction.run)
    for queue in queues:
        if before.layout(queue) != after.layout(queue):
            enter_lanes(transaction, queue, _decode_seqs(transaction.value("open_jobs", {"queue": queue})))
            transaction.run("reset_lanes", {"queue": queue})
    if not after.any_lanes:
        unwatch_lanes(transaction.run)
