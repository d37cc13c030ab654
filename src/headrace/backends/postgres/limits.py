"""Limits: set, taken away, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from headrace.backends.postgres.finding import is_uuid
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
        return await self._runner.run(lambda session: usage(session, targets))


def _limit(
    scope: str, name: str, key: str, concurrency: int | None, count: int | None, per: int | None, burst: int | None
) -> Limit:
    target = LimitTarget(LimitScope(scope), name, key)
    return Limit(target=target, concurrency=concurrency, rate=make_rate(count, per, burst))


class _Standing:
    """How targets stand at one instant: each figure is read once, however many ask for it."""

    def __init__(self, session: Session, moment: Moment) -> None:
        self._session = session
        self.moment = moment
        self._limits: dict[LimitTarget, tuple[Limit, int]] = {}
        self._in_use: dict[LimitTarget, int] = {}
        self._holders: dict[LimitTarget, tuple[JobId, ...]] = {}

    async def read(self, targets: Iterable[LimitTarget]) -> None:
        """Read what limits these targets, if anything (a key: its own limit, or that of each), and their buckets."""
        wanted = list(dict.fromkeys(targets))
        places = [(target.scope.value, target.name, target.key) for target in wanted]
        columns = list(map(list, zip(*places, strict=True))) or [[], [], []]
        for place, *row, full_at in await self._session.rows("get_limits", *columns):
            limit = _limit(*row)
            if not limit.empty:
                self._limits[wanted[place - 1]] = limit, full_at or 0

    def limit_on(self, target: LimitTarget) -> tuple[Limit | None, int]:
        """What limits a target that was read, and when its bucket is full."""
        return self._limits.get(target, (None, 0))

    def next_token(self, limit: Limit, full_at: int) -> datetime:
        """When the limit's rate has a token."""
        assert limit.rate is not None
        at = limit.rate.pace.next_at(full_at, self.moment.mono_us)
        return self.moment.now + timedelta(microseconds=at - self.moment.mono_us)

    async def in_use(self, target: LimitTarget) -> int:
        """How many of its jobs run."""
        if target not in self._in_use:
            self._in_use[target] = await self.count(target, "running")
        return self._in_use[target]

    async def count(self, target: LimitTarget, state: str) -> int:
        """How many of its jobs are in a state, up to WAITING_COUNTED_MAX."""
        filters = f"j.state = '{state}' AND {_OF_TARGET[target.scope]}"
        statement = sql("count_jobs", self._session.schema).replace("FILTERS", filters)
        [(count,)] = await self._session.text(statement, WAITING_COUNTED_MAX, *_named(target))
        return int(count)

    async def holders(self, target: LimitTarget) -> tuple[JobId, ...]:
        """Its running jobs, those begun first first."""
        if target not in self._holders:
            filters = f"j.state = 'running' AND {_OF_TARGET[target.scope]}"
            statement = sql("holders", self._session.schema).replace("FILTERS", filters)
            rows = await self._session.text(statement, HOLDERS_MAX, *_named(target))
            self._holders[target] = tuple(JobId(row[0]) for row in rows)
        return self._holders[target]


def _named(target: LimitTarget) -> tuple[str, ...]:
    """The parts that the scope has."""
    return tuple(part for part in (target.name, target.key) if part)


async def usage(session: Session, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
    """How each limit stands."""
    standing = _Standing(session, await read_moment(session))
    await standing.read(targets)
    return [await _usage(standing, target) for target in targets]


async def _usage(standing: _Standing, target: LimitTarget) -> LimitUsage | None:
    limit, full_at = standing.limit_on(target)
    if limit is None:
        return None
    tokens, next_token = None, None
    if limit.rate is not None and target.scope is not LimitScope.KEYS:
        tokens = limit.rate.pace.available(full_at, standing.moment.mono_us)
        next_token = standing.next_token(limit, full_at)
    return LimitUsage(
        target=target,
        limit=limit,
        in_use=await standing.in_use(target),
        waiting=await standing.count(target, "queued"),
        tokens=tokens,
        next_token=next_token,
        holders=await standing.holders(target),
    )


class _Queued(NamedTuple):
    """A queued job; the order of fields is that of ``sql/get_queued.sql``."""

    id: str
    seq: int
    queue: str
    task: str
    partition: str | None

    def targets(self, moment: Moment) -> Iterator[LimitTarget]:
        """Everything that may limit it."""
        yield LimitTarget(LimitScope.STORE)
        yield LimitTarget(LimitScope.QUEUE, self.queue)
        if self.task in moment.rules.tasks:
            yield LimitTarget(LimitScope.TASK, self.task)
        if self.partition is not None:
            yield LimitTarget(LimitScope.KEY, self.queue, self.partition)


async def blocking(session: Session, ids: Sequence[JobId]) -> list[tuple[Blocked, ...]]:
    """Everything that holds each of these jobs back; nothing for those that are not queued."""
    known = [job_id for job_id in ids if is_uuid(job_id)]
    jobs = [_Queued(*row) for row in await session.rows("get_queued", known)] if known else []
    found: dict[str, tuple[Blocked, ...]] = {}
    if jobs:
        standing = _Standing(session, await read_moment(session))
        await standing.read(target for job in jobs for target in job.targets(standing.moment))
        for job in jobs:
            full = [blocked for target in job.targets(standing.moment) for blocked in await _full(standing, target)]
            found[job.id] = (*full, *await _ahead(session, standing, job))
    return [found.get(job_id, ()) for job_id in ids]


async def _full(standing: _Standing, target: LimitTarget) -> list[Blocked]:
    limit, full_at = standing.limit_on(target)
    if limit is None:
        return []
    found = []
    in_use = await standing.in_use(target)
    if limit.concurrency is not None and in_use >= limit.concurrency:
        holders = await standing.holders(target)
        found.append(Blocked(by=BlockedBy.CONCURRENCY, target=target, limit=limit, in_use=in_use, holders=holders))
    if limit.rate is not None and not limit.rate.pace.available(full_at, standing.moment.mono_us):
        next_token = standing.next_token(limit, full_at)
        found.append(Blocked(by=BlockedBy.RATE, target=target, limit=limit, in_use=in_use, next_token=next_token))
    return found


async def _ahead(session: Session, standing: _Standing, job: _Queued) -> list[Blocked]:
    """What an ordered key's job has to wait for: the first that has not ended, and whatever runs."""
    if job.partition is None or not standing.moment.rules.of(job.queue).ordered:
        return []
    target = LimitTarget(LimitScope.KEY, job.queue, job.partition)
    first = [JobId(row[0]) for row in await session.rows("first_open", job.queue, job.partition, job.seq)]
    running = await standing.holders(target)
    holders = tuple(dict.fromkeys([*first, *running]))[:HOLDERS_MAX]
    return [Blocked(by=BlockedBy.ORDER, target=target, in_use=len(running), holders=holders)] if holders else []
