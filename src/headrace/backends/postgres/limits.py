"""Limits: set, taken away, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from headrace.backends.postgres.session import Runner, Session
from headrace.backends.postgres.statements import sql
from headrace.backends.postgres.verbs.lanes import Moment, read_moment
from headrace.backends.postgres.verbs.settings import remove_limits, set_limits
from headrace.model.ids import JobId
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
    LimitScope.QUEUE: "j.queue = $2",
    LimitScope.TASK: "j.task = $2 AND j.lane IS NOT NULL",
    LimitScope.KEYS: "j.queue = $2 AND j.partition IS NOT NULL AND j.lane IS NOT NULL",
    LimitScope.KEY: "j.queue = $2 AND j.partition = $3 AND j.partition IS NOT NULL AND j.lane IS NOT NULL",
}
"""Which jobs a target counts, as conditions of ``sql/count_jobs.sql`` and ``sql/holders.sql``."""


class PostgresLimitStore:
    """A row for each limit. What is in use is not counted up and down: it is counted."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def all(self) -> list[Limit]:
        async def verb(session: Session) -> list[Limit]:
            return sorted((_limit(*row) for row in await session.rows("all_limits")), key=attrgetter("target"))

        return await self._runner.run(verb)

    async def set_many(self, limits: Sequence[Limit]) -> None:
        await self._runner.run(lambda session: set_limits(session, limits), transaction=True)

    async def remove_many(self, targets: Sequence[LimitTarget]) -> list[bool]:
        return await self._runner.run(lambda session: remove_limits(session, targets), transaction=True)

    async def usage(self, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
        async def verb(session: Session) -> list[LimitUsage | None]:
            moment = await read_moment(session)
            return [await _usage(session, moment, target) for target in targets]

        return await self._runner.run(verb)


def _limit(
    scope: str, name: str, key: str, concurrency: int | None, count: int | None, per: int | None, burst: int | None
) -> Limit:
    target = LimitTarget(LimitScope(scope), name, key)
    return Limit(target=target, concurrency=concurrency, rate=make_rate(count, per, burst))


async def _limit_of(session: Session, target: LimitTarget) -> tuple[Limit | None, int]:
    """What limits the target, if anything (a key: its own limit, or that of each), and when its bucket is full."""
    places = ([target.scope.value], [target.name], [target.key])
    for _, *row, full_at in await session.rows("get_limits", *places):
        limit = _limit(*row)
        return (None if limit.empty else limit), full_at or 0
    return None, 0


async def _count(session: Session, target: LimitTarget, state: str) -> int:
    filters = f"j.state = '{state}' AND {_OF_TARGET[target.scope]}"
    statement = sql("count_jobs", session.schema).replace("FILTERS", filters)
    [(count,)] = await session.text(statement, WAITING_COUNTED_MAX, *_named(target))
    return int(count)


async def _holders(session: Session, target: LimitTarget) -> tuple[JobId, ...]:
    """The running jobs of a target, those begun first first."""
    filters = f"j.state = 'running' AND {_OF_TARGET[target.scope]}"
    statement = sql("holders", session.schema).replace("FILTERS", filters)
    return tuple(JobId(row[0]) for row in await session.text(statement, HOLDERS_MAX, *_named(target)))


def _named(target: LimitTarget) -> tuple[str, ...]:
    """The parts that the scope has."""
    return tuple(part for part in (target.name, target.key) if part)


async def _usage(session: Session, moment: Moment, target: LimitTarget) -> LimitUsage | None:
    limit, full_at = await _limit_of(session, target)
    if limit is None:
        return None
    tokens, next_token = None, None
    if limit.rate is not None and target.scope is not LimitScope.KEYS:
        tokens = limit.rate.pace.available(full_at, moment.mono_us)
        next_token = _next_token(moment, limit, full_at)
    return LimitUsage(
        target=target,
        limit=limit,
        in_use=await _count(session, target, "running"),
        waiting=await _count(session, target, "queued"),
        tokens=tokens,
        next_token=next_token,
        holders=await _holders(session, target),
    )


def _next_token(moment: Moment, limit: Limit, full_at: int) -> datetime:
    assert limit.rate is not None
    at = limit.rate.pace.next_at(full_at, moment.mono_us)
    return moment.now + timedelta(microseconds=at - moment.mono_us)


async def blocking(session: Session, job_id: JobId) -> tuple[Blocked, ...]:
    """Everything that holds a queued job back."""
    for seq, queue, task, partition in await session.rows("get_queued", job_id):
        moment = await read_moment(session)
        targets = [LimitTarget(LimitScope.STORE), LimitTarget(LimitScope.QUEUE, queue)]
        if task in moment.rules.tasks:
            targets.append(LimitTarget(LimitScope.TASK, task))
        if partition is not None:
            targets.append(LimitTarget(LimitScope.KEY, queue, partition))
        found = [blocked for target in targets for blocked in await _full(session, moment, target)]
        if partition is not None and moment.rules.of(queue).ordered:
            found += await _ahead(session, LimitTarget(LimitScope.KEY, queue, partition), seq)
        return tuple(found)
    return ()


async def _full(session: Session, moment: Moment, target: LimitTarget) -> list[Blocked]:
    limit, full_at = await _limit_of(session, target)
    if limit is None:
        return []
    found = []
    in_use = await _count(session, target, "running")
    if limit.concurrency is not None and in_use >= limit.concurrency:
        holders = await _holders(session, target)
        found.append(Blocked(by=BlockedBy.CONCURRENCY, target=target, limit=limit, in_use=in_use, holders=holders))
    if limit.rate is not None and not limit.rate.pace.available(full_at, moment.mono_us):
        next_token = _next_token(moment, limit, full_at)
        found.append(Blocked(by=BlockedBy.RATE, target=target, limit=limit, in_use=in_use, next_token=next_token))
    return found


async def _ahead(session: Session, target: LimitTarget, seq: int) -> list[Blocked]:
    """What an ordered key's job has to wait for: the first that has not ended, and whatever runs."""
    first = [JobId(row[0]) for row in await session.rows("first_open", target.name, target.key, seq)]
    running = await _holders(session, target)
    holders = tuple(dict.fromkeys([*first, *running]))[:HOLDERS_MAX]
    return [Blocked(by=BlockedBy.ORDER, target=target, in_use=len(running), holders=holders)] if holders else []
