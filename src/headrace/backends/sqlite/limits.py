"""Limits: set, taken away, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.times import from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.gates import buckets, limit_of
from headrace.backends.sqlite.verbs.settings import remove_limits, set_limits
from headrace.backends.sqlite.writer import Writer
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.limits import (
    HOLDERS_MAX,
    WAITING_COUNTED_MAX,
    Blocked,
    BlockedBy,
    Limit,
    LimitScope,
    LimitTarget,
    LimitUsage,
)
from headrace.storage.lanes.rules import make_rate

_OF_TARGET = {
    LimitScope.STORE: "TRUE",
    LimitScope.QUEUE: "queue = :name",
    LimitScope.TASK: "task = :name AND lane IS NOT NULL",
    LimitScope.KEYS: "queue = :name AND partition IS NOT NULL AND lane IS NOT NULL",
    LimitScope.KEY: "queue = :name AND partition = :key AND lane IS NOT NULL",
}
"""Which jobs a target counts, as conditions of ``sql/count_jobs.sql`` and ``sql/holders.sql``."""


class SqliteLimitStore:
    """A row for each limit. What is in use is not counted up and down: it is counted."""

    def __init__(self, writer: Writer, thread: ReadingThread) -> None:
        self._writer = writer
        self._thread = thread

    async def all(self) -> list[Limit]:
        return await self._thread.run(
            lambda transaction: sorted((_limit(*row) for row in transaction.rows("all_limits")), key=_by_target)
        )

    async def set_many(self, limits: Sequence[Limit]) -> None:
        await self._writer.run(lambda transaction: set_limits(transaction, limits))

    async def remove_many(self, targets: Sequence[LimitTarget]) -> list[bool]:
        return await self._writer.run(lambda transaction: remove_limits(transaction, targets))

    async def usage(self, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
        return await self._thread.run(lambda transaction: [_usage(transaction, target) for target in targets])


def _by_target(limit: Limit) -> LimitTarget:
    return limit.target


def _limit(
    scope: str,
    name: str,
    key: str,
    concurrency: int | None,
    count: int | None,
    per: int | None,
    burst: int | None,
) -> Limit:
    target = LimitTarget(LimitScope(scope), name, key)
    return Limit(target=target, concurrency=concurrency, rate=make_rate(count, per, burst))


def _count(transaction: Transaction, target: LimitTarget, state: JobState) -> int:
    if target.scope in (LimitScope.STORE, LimitScope.QUEUE):
        return transaction.counted(state, target.name or None)
    values = {"state": state, "name": target.name, "key": target.key, "limit": WAITING_COUNTED_MAX}
    return int(transaction.filtered("count_jobs", _OF_TARGET[target.scope], values))


def _holders(transaction: Transaction, target: LimitTarget) -> tuple[JobId, ...]:
    """The running jobs of a target, those begun first first."""
    values = {"name": target.name, "key": target.key, "limit": HOLDERS_MAX}
    return tuple(JobId(job_id) for job_id in transaction.column("holders", _OF_TARGET[target.scope], values))


def _usage(transaction: Transaction, target: LimitTarget) -> LimitUsage | None:
    limit = limit_of(transaction, target)
    if limit is None:
        return None
    tokens, next_token = None, None
    if limit.rate is not None and target.scope is not LimitScope.KEYS:
        full_at = _full_at(transaction, target)
        tokens = limit.rate.pace.available(full_at, transaction.mono)
        next_token = _next_token(transaction, target, limit)
    return LimitUsage(
        target=target,
        limit=limit,
        in_use=_count(transaction, target, JobState.RUNNING),
        waiting=min(_count(transaction, target, JobState.QUEUED), WAITING_COUNTED_MAX),
        tokens=tokens,
        next_token=next_token,
        holders=_holders(transaction, target),
    )


def _full_at(transaction: Transaction, target: LimitTarget) -> int:
    return buckets(transaction, [target]).get(target, 0)


def _next_token(transaction: Transaction, target: LimitTarget, limit: Limit) -> datetime:
    assert limit.rate is not None
    at = limit.rate.pace.next_at(_full_at(transaction, target), transaction.mono)
    return from_us(transaction.now + at - transaction.mono)


def blocking(transaction: Transaction, job_id: JobId) -> tuple[Blocked, ...]:
    """Everything that holds a queued job back."""
    for seq, queue, task, partition in transaction.rows("get_queued", (job_id,)):
        rules = transaction.rules()
        targets = [LimitTarget(LimitScope.STORE), LimitTarget(LimitScope.QUEUE, queue)]
        if task in rules.tasks:
            targets.append(LimitTarget(LimitScope.TASK, task))
        if partition is not None:
            targets.append(LimitTarget(LimitScope.KEY, queue, partition))
        found = [blocked for target in targets for blocked in _full(transaction, target)]
        if partition is not None and rules.of(queue).ordered:
            found += _ahead(transaction, LimitTarget(LimitScope.KEY, queue, partition), seq)
        return tuple(found)
    return ()


def _full(transaction: Transaction, target: LimitTarget) -> list[Blocked]:
    limit = limit_of(transaction, target)
    if limit is None:
        return []
    found = []
    in_use = _count(transaction, target, JobState.RUNNING)
    if limit.concurrency is not None and in_use >= limit.concurrency:
        holders = _holders(transaction, target)
        found.append(Blocked(by=BlockedBy.CONCURRENCY, target=target, limit=limit, in_use=in_use, holders=holders))
    if limit.rate is not None and not limit.rate.pace.available(_full_at(transaction, target), transaction.mono):
        next_token = _next_token(transaction, target, limit)
        found.append(Blocked(by=BlockedBy.RATE, target=target, limit=limit, in_use=in_use, next_token=next_token))
    return found


def _ahead(transaction: Transaction, target: LimitTarget, seq: int) -> list[Blocked]:
    """What an ordered key's job has to wait for: the first that has not ended, and whatever runs."""
    values = {"queue": target.name, "lane": target.key, "seq": seq}
    first = [JobId(job_id) for (job_id,) in transaction.rows("first_open", values)]
    running = _holders(transaction, target)
    holders = tuple(dict.fromkeys([*first, *running]))[:HOLDERS_MAX]
    return [Blocked(by=BlockedBy.ORDER, target=target, in_use=len(running), holders=holders)] if holders else []
