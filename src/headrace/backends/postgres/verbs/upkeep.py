"""Upkeep, a bounded round at a time. Two leaders at once do no harm: rows that another works on are skipped."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.backends.postgres.floors import LeaseFloor
from headrace.backends.postgres.rows import Held, Target
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs import partitions
from headrace.backends.postgres.verbs.changes import end_pending, instant
from headrace.backends.postgres.verbs.finish import store
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.queue import RATES_KEPT, Retention, cutoffs, rate_bucket
from headrace.model.settling import after_loss, may_be_quarantined
from headrace.storage.jobs import Expiration, Promotion, Rescued
from headrace.storage.signals import WORK, topic

TALLIES_FOLDED_MAX = 20_000
LOCK_WAIT_MS = 500


async def promote(session: Session, limit: int) -> Promotion:
    """Queue jobs that are due, the longest due first, and look for the next due instant: one statement."""
    (next_due, _, _), *rows = await session.rows("promote", session.now, limit, session.mono)
    queues = frozenset(queue for _, queue, _ in rows)
    session.announce(topic(WORK, queue) for queue in queues)
    return Promotion(count=sum(count for _, _, count in rows), queues=queues, next_due=next_due)


async def nothing_lost(session: Session, floor: LeaseFloor) -> bool:
    """Whether no lease ran out, which is so most of the time: found without a transaction around it."""
    until = session.mono or await instant(session)
    with floor.look(until) as before:
        rows = await session.rows("lost", until, 1, before)
    if rows:
        floor.forget()  # what is left of them, beyond the limit or by a transaction that fails, is before it
    return not rows


async def rescue(session: Session, limit: int, quarantine_after: int | None) -> list[Rescued]:
    """Take jobs back from workers whose lease ran out. In a transaction."""
    now = await instant(session)
    rows = await session.rows("lost", session.mono or now, limit, None)
    held = [Held(*row) for row in rows]
    losses = await _earlier_losses(session, held, quarantine_after)
    transitions = [(each, after_loss(each, losses.get(each.id, 0) + 1, quarantine_after)) for each in held]
    await store(session, transitions, now)
    return [
        Rescued(id=JobId(each.id), queue=each.queue, state=transition.state, worker=each.worker)
        for each, transition in transitions
    ]


async def _earlier_losses(session: Session, held: Sequence[Held], quarantine_after: int | None) -> dict[str, int]:
    """How many attempts in a row each was lost in before, of those that may have been lost too often."""
    suspects = [each.id for each in held if each.attempt > 1 and may_be_quarantined(each, quarantine_after)]
    rows = await session.rows("losses_in_a_row", suspects) if suspects else []
    return {row[0]: row[1] for row in rows}


async def nothing_expired(session: Session) -> Expiration | None:
    """The empty answer when no job has expired, found by one read of an index; None otherwise."""
    for next_expiry, expired in await session.rows("next_expiry", session.now, None):
        return None if expired else Expiration(next_expiry=next_expiry)
    return Expiration()


async def expire(session: Session, limit: int) -> Expiration:
    """End jobs that were not started in time, the earliest to expire first. In a transaction.

    What has expired and is left within the limit is locked by another session. It is not told as the next expiry: the
    leader would ask for it again and again until that session is done.
    """
    now = await instant(session)
    rows = await session.rows("expired", now, limit)
    targets = [Target(0, job_id, queue, state, now, None, False) for job_id, queue, state in rows]
    await end_pending(session, targets, JobState.EXPIRED, None, now)
    after = now if len(targets) < limit else None
    [next_expiry] = [row[0] for row in await session.rows("next_expiry", now, after)] or [None]
    return Expiration(ids=tuple(JobId(each.id) for each in targets), next_expiry=next_expiry)


async def drop_days(session: Session, retention: Retention) -> int:
    """Drop days of the history that are past, and make those to come. In a transaction.

    It waits for its locks for a moment only: while it waits, nobody else could finish a job.
    """
    now = await instant(session)
    await session.text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_MS}ms'")
    await partitions.make_ahead(session, now)
    return await partitions.drop_expired(session, now, retention, await _own_retentions(session))


async def _own_retentions(session: Session) -> dict[str, Retention]:
    rows = await session.rows("own_retentions")
    return {name: msgspec.json.decode(text, type=Retention) for name, text in rows}


async def prune(session: Session, retention: Retention, limit: int) -> int:
    """Delete jobs past their retention, and keys, entries and rates past their time; fold tallies. In a transaction."""
    now = await instant(session)
    await session.rows("forget_keys", now, limit)
    await session.rows("forget_entries", session.mono)
    await session.rows("fold", TALLIES_FOLDED_MAX)
    await session.rows("forget_rates", rate_bucket(now - RATES_KEPT))
    own = await _own_retentions(session)
    tally, pruned = Tally(), 0
    for state, before, only in cutoffs(now, retention, own):
        if pruned < limit:
            days = state is JobState.SUCCEEDED
            name, before = ("prune_succeeded", partitions.midnight(before)) if days else ("prune_ended", before)
            without = list(own) if only is None else []
            rows = await session.rows(name, state.value, before, only, without, limit - pruned, now)
            keyed = [(row[2], row[3]) for row in rows if row[2] is not None]
            if keyed:
                await session.rows("keep_key_states", *map(list, zip(*keyed, strict=True)))
            if rows:
                await session.rows("forget", [row[0] for row in rows])
            for _, queue, _, _ in rows:
                tally.move(queue, state, None)
            pruned += len(rows)
    await tally.write(session)
    await session.rows("read_in_order")
    await session.rows("forget_lanes", session.mono)  # last, as it holds up claims of limited queues until the commit
    return pruned
