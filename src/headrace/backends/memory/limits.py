"""Limits: set, taken away, and how they stand.

Settled here: a change keeps the tokens that are left, as far as the new rate's bucket holds them. What runs when a
limit is lowered runs on; nothing begins until fewer run than it allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from operator import attrgetter

from headrace.backends.memory.lanes import Layout, in_its_turn, lane_of, limits_on, targets_of
from headrace.backends.memory.record import Record
from headrace.backends.memory.session import Session
from headrace.backends.memory.state import State
from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
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
from headrace.storage.signals import WORK, topic


class MemoryLimitStore:
    """What ``claim`` obeys, in the same state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> list[Limit]:
        with self._session.section() as state:
            return sorted(state.limits.values(), key=attrgetter("target"))

    async def set_many(self, limits: Sequence[Limit]) -> None:
        with self._session.section() as state:
            before = state.layouts()
            for limit in limits:
                if limit.empty and limit.target.scope is not LimitScope.KEY:
                    state.limits.pop(limit.target, None)
                else:
                    state.limits[limit.target] = limit
            _changed(state, before)

    async def remove_many(self, targets: Sequence[LimitTarget]) -> list[bool]:
        with self._session.section() as state:
            before = state.layouts()
            there = [state.limits.pop(target, None) is not None for target in targets]
            _changed(state, before)
            return there

    async def usage(self, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
        with self._session.section() as state:
            return [_usage(state, target) for target in targets]


def _changed(state: State, before: dict[str, Layout]) -> None:
    state.lay_out_lanes(before)
    for target, full_at in state.full_at.items():
        limit = state.limit_of(target)
        if limit is not None and limit.rate is not None:
            state.full_at[target] = limit.rate.pace.adopt(full_at, state.mono_us)
    state.topics[topic(WORK, "*")] = None


def _counts_under(job: Job, target: LimitTarget) -> bool:
    if target.scope is LimitScope.KEYS:
        return job.queue == target.name and job.partition is not None
    return target in targets_of(job)


def _running(state: State, target: LimitTarget) -> list[Record]:
    """Those begun first go first."""
    running = (
        record
        for record in state.records.values()
        if record.job.state is JobState.RUNNING and _counts_under(record.job, target)
    )
    return sorted(running, key=lambda record: (record.job.started_at, record.order))


def _usage(state: State, target: LimitTarget) -> LimitUsage | None:
    limit = state.limits.get(target) if target.scope is LimitScope.KEYS else state.limit_of(target)
    if limit is None:
        return None
    running = _running(state, target)
    queued = sum(
        record.job.state is JobState.QUEUED and _counts_under(record.job, target) for record in state.records.values()
    )
    usage = LimitUsage(
        target=target,
        limit=limit,
        in_use=len(running),
        waiting=min(queued, WAITING_COUNTED_MAX),
        holders=tuple(record.job.id for record in running[:HOLDERS_MAX]),
    )
    if limit.rate is None or target.scope is LimitScope.KEYS:
        return usage
    tokens = limit.rate.pace.available(state.full_at.get(target, 0), state.mono_us)
    wait = timedelta(microseconds=state.next_token(target, limit) - state.mono_us)
    return LimitUsage(
        target=target,
        limit=limit,
        in_use=usage.in_use,
        waiting=usage.waiting,
        tokens=tokens,
        next_token=state.now + wait,
        holders=usage.holders,
    )


def blocking(state: State, record: Record | None) -> tuple[Blocked, ...]:
    """Everything that holds a queued job back."""
    if record is None or record.job.state is not JobState.QUEUED:
        return ()
    return (*_full(state, record), *_ahead(state, record))


def _full(state: State, record: Record) -> Iterator[Blocked]:
    job = record.job
    for target, limit in limits_on(state, job.queue, lane_of(state, job)):
        in_use = state.running[target]
        if limit.concurrency is not None and in_use >= limit.concurrency:
            holders = tuple(each.job.id for each in _running(state, target)[:HOLDERS_MAX])
            yield Blocked(by=BlockedBy.CONCURRENCY, target=target, limit=limit, in_use=in_use, holders=holders)
        if not state.has_token(target, limit):
            wait = timedelta(microseconds=state.next_token(target, limit) - state.mono_us)
            yield Blocked(by=BlockedBy.RATE, target=target, limit=limit, in_use=in_use, next_token=state.now + wait)


def _ahead(state: State, record: Record) -> Iterator[Blocked]:
    job = record.job
    if not state.queues[job.queue].ordered or job.partition is None or in_its_turn(state, record):
        return
    target = LimitTarget(LimitScope.KEY, job.queue, job.partition)
    first = state.open_keys[job.queue, job.partition].first()
    ahead = [] if first is None or first[0] == job.id else [JobId(first[0])]
    running = [each.job.id for each in _running(state, target)]
    holders = tuple(dict.fromkeys([*ahead, *running]))[:HOLDERS_MAX]
    yield Blocked(by=BlockedBy.ORDER, target=target, in_use=len(running), holders=holders)
