"""Changing what claims obey: settings of queues, and limits. What it moves between lanes, it moves at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.lanes import Moment, read_moment
from headrace.model.durations import ZERO
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.queue import QueueSettings
from headrace.storage.lanes.rules import NO_AGEING_US, Rules, make_rate
from headrace.storage.signals import WORK, topic

LOCK_WAIT_MS = 5_000
"""How long a change of what tells jobs apart waits for transactions that are enqueuing: others wait behind it."""

LIMIT_MAX_US = 1 << 62
_MICROSECOND = ZERO.resolution


class _Layout(NamedTuple):
    """A row of ``layouts``; the order of fields is that of ``sql/layouts.sql``. ``queue`` '' stands for all others."""

    queue: str
    laned: bool
    keyed: bool
    fair: bool
    ordered: bool
    step: int
    tasks: tuple[str, ...]


async def configure_queues(session: Session, settings: Sequence[QueueSettings]) -> None:
    """Store settings; claims of queues that are not paused are tried again. In a transaction."""
    given = sorted(settings, key=lambda each: each.name)
    for each in given:
        retention = None if each.retention is None else as_json(each.retention)
        await session.rows("put_queue", each.name, each.paused, each.pause_reason, each.paused_at, retention)
    wanted = {each.name: (each.fair, each.ordered, _microseconds(each)) for each in given}
    known = {name: (fair, ordered, ageing) for name, fair, ordered, ageing in await _orders(session, list(wanted))}
    changed = {name: order for name, order in wanted.items() if known[name] != order}
    if changed:
        await _begin_change(session)
        for name, (fair, ordered, ageing) in changed.items():
            await session.rows("put_order", name, fair, ordered, ageing)
        await _lay_out(session)
    session.announce(topic(WORK, each.name) for each in given if not each.paused)


async def set_limits(session: Session, limits: Sequence[Limit]) -> None:
    """Store limits; every claim is tried again. In a transaction."""

    async def store() -> None:
        for limit in limits:
            place = _place(limit.target)
            if limit.empty and limit.target.scope is not LimitScope.KEY:
                await session.rows("remove_limit", *place)
            else:
                rate = limit.rate
                figures = (None, None, None) if rate is None else (rate.count, rate.per // _MICROSECOND, rate.burst)
                await session.rows("put_limit", *place, limit.concurrency, *figures)

    await _change_limits(session, store, [limit.target for limit in limits])


async def remove_limits(session: Session, targets: Sequence[LimitTarget]) -> list[bool]:
    """Take limits away; answers which there were. In a transaction."""
    there: list[bool] = []

    async def remove() -> None:
        there.extend([bool(await session.rows("remove_limit", *_place(target))) for target in targets])

    await _change_limits(session, remove, targets)
    return there


async def _change_limits(
    session: Session, store: Callable[[], Awaitable[None]], targets: Sequence[LimitTarget]
) -> None:
    await _begin_change(session)
    await store()
    moment = await _lay_out(session)
    await session.rows("mark_all_lanes")
    for target in targets:
        await _adopt_buckets(session, moment, target)
    session.announce([topic(WORK, "*")])


async def _begin_change(session: Session) -> None:
    """Wait for the claims of queues with layouts that are under way; there are none until this has committed."""
    await session.text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
    await session.rows("lock_rules")


async def _lay_out(session: Session) -> Moment:
    """Put the jobs of queues whose layout changes into other lanes. Whoever enqueues meanwhile waits, and sees them."""
    moment = await read_moment(session)
    before = {
        queue: _Layout(queue, laned, keyed, fair, ordered, step, tuple(tasks))
        for queue, laned, keyed, fair, ordered, step, tasks in await session.rows("layouts")
    }
    after = _layouts(moment.rules)
    if before == after:
        return moment
    await session.rows("lock_jobs")
    columns = [list(column) for column in zip(*after.values(), strict=True)] or [[] for _ in _Layout._fields]
    columns[-1] = [as_json(tasks) for tasks in columns[-1]]
    await session.rows("put_layouts", *columns)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    queues = None if "" in changed else changed
    await session.rows("enter_lanes", queues)
    await session.rows("reset_lanes", queues)
    return moment


def _layouts(rules: Rules) -> dict[str, _Layout]:
    """A layout for each queue that anything holds back or that has an order of its own."""
    names = {*rules.queues, *rules.keyed_queues, *(limit.target.name for limit in rules.limits.values())}
    wide = rules.store_limit is not None or bool(rules.tasks)
    tasks = tuple(sorted(rules.tasks))
    layouts = {"": _Layout("", bool(tasks), False, False, False, NO_AGEING_US, tasks)} if wide else {}
    for name in sorted(names - {""}):
        rule = rules.of(name)
        queue = _Layout(
            name, rules.laned(name), rules.keyed(name), bool(rule.fair), bool(rule.ordered), rules.step(name), tasks
        )
        if (not rules.free(name) and queue[1:] != layouts.get("", queue)[1:]) or (not wide and not rules.free(name)):
            layouts[name] = queue
    return layouts


async def _adopt_buckets(session: Session, moment: Moment, target: LimitTarget) -> None:
    """Bring what was drawn under another rate within what the present one's bucket holds."""
    for *_, count, per, burst, _ in await session.rows("get_limits", *([each] for each in _place(target))):
        rate = make_rate(count, per, burst)
        if rate is not None:
            most = rate.pace.adopt(LIMIT_MAX_US, moment.mono_us)
            if target.scope is LimitScope.KEYS:
                await session.rows("adopt_key_buckets", most, target.name)
            else:
                await session.rows("adopt_bucket", most, *_place(target))


async def _orders(session: Session, names: Sequence[str]) -> Sequence[tuple[str, bool, bool, int | None]]:
    return [(row[0], row[1], row[2], row[3]) for row in await session.rows("queue_orders", names)]


def _place(target: LimitTarget) -> tuple[str, str, str]:
    return target.scope.value, target.name, target.key


def _microseconds(settings: QueueSettings) -> int | None:
    return None if settings.ageing is None else settings.ageing // _MICROSECOND
