"""The gates of a claim: limits with what is in use, read from their tables."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.lanes import Moment
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.storage.lanes.gates import Gate, pace_of


async def open_gates(session: Session, moment: Moment, queue: str) -> tuple[list[Gate], dict[str, Gate]]:
    """The gates that every job of the queue has to pass, and those of limited tasks, by task."""
    rules = moment.rules
    shared = [limit for limit in (rules.store_limit, rules.queue_limit(queue)) if limit is not None]
    limits = [*shared, *rules.tasks.values()]
    if not limits:
        return [], {}
    scopes, names = [limit.target.scope.value for limit in limits], [limit.target.name for limit in limits]
    facts = {
        LimitTarget(LimitScope(scope), name): (in_use, full_at)
        for scope, name, in_use, full_at in await session.rows("gates", scopes, names)
    }

    def gate(limit: Limit) -> Gate:
        in_use, full_at = facts[limit.target]
        room = None if limit.concurrency is None else limit.concurrency - in_use
        return Gate(limit.target, pace_of(limit.rate), room, full_at or 0, moment.mono_us)

    return list(map(gate, shared)), {task: gate(limit) for task, limit in rules.tasks.items()}


async def store_buckets(session: Session, gates: Iterable[Gate]) -> None:
    """Keep what was drawn."""
    drawn = [each for gate in gates if (each := gate.drawn) is not None]
    if drawn:
        await session.rows("put_buckets", *map(list, zip(*drawn, strict=True)))
