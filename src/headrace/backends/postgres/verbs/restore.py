"""Taking changes back: jobs go to where they stood, unless anything else became of them. In a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import UnsetType
from msgspec.structs import replace

from headrace.backends.postgres.rows import Target, as_json, decode_tags
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.verbs import unique
from headrace.backends.postgres.verbs.changes import change
from headrace.backends.postgres.verbs.finish import announce_state, call
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.ids import JobId
from headrace.model.job import FINAL_STATES, PENDING_STATES, JobState
from headrace.model.standing import Standing, state_again
from headrace.storage.jobs import Changed, JobRestore
from headrace.storage.signals import EXPIRY, topic


async def restore_many(session: Session, restores: Sequence[JobRestore]) -> list[Changed]:
    """Put back each job that is as it was left, unless a rival has its unique key."""
    names = await session.rows("keys_of_ended", [each.id for each in restores])
    await unique.lock(session, ((row[1], row[2]) for row in names))
    keyed = {row[0] for row in names}
    return [await _restore_one(session, each, keyed=each.id in keyed) for each in restores]


async def _restore_one(session: Session, restore: JobRestore, *, keyed: bool) -> Changed:
    differs: str | None = None
    rival: JobId | None = None

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        nonlocal differs, rival
        for job in targets:
            found = _read((await session.rows("standing", job.id))[0])
            differs = restore.differs(found)
            if differs is not None:
                return {}
            state = state_again(restore.before, found, now)
            if keyed and state not in FINAL_STATES:
                for row in await session.rows("find_rivals", [job.id], now):
                    rival = JobId(row[1])
                    return {}
            await _put_back(session, job, restore.before, state, now)
            return {job.id: state}
        return {}

    [reply] = await change(session, [restore.id], verb)
    return replace(reply, differs=differs, conflict=rival)


async def _put_back(session: Session, job: Target, before: Standing, state: JobState, now: datetime) -> None:
    run_at = job.run_at if isinstance(before.run_at, UnsetType) else before.run_at
    tags = as_json(before.tags) if before.tags else None
    here, there = JobState(job.state) in FINAL_STATES, state in FINAL_STATES
    common = (job.id, before.queue, state.value, before.priority, before.attempt, before.max_attempts, run_at)
    if there:
        if not here:
            call(session, (row[0] for row in await session.rows("end_pending", [job.id], state.value, None)))
            await session.rows("bury", [job.id], now)
        ended = (before.expires_at, tags, before.reason, before.cancel_requested, before.finished_at)
        await session.rows("put_back_ended", *common, *ended)
    else:
        if here:
            await session.rows("revive", [job.id], now)
        timed = state is JobState.SCHEDULED or (state is JobState.WAITING and job.wake_at is not None)
        pending = (run_at if timed else None, before.expires_at, tags, before.reason, before.cancel_requested)
        await session.rows("put_back", *common, *pending)
    tally = Tally()
    tally.move(job.queue, job.state, None)
    tally.move(before.queue, None, state)
    await tally.write(session)
    announce_state(session, job.id, before.queue, state)
    if before.expires_at is not None and state in PENDING_STATES:
        session.announce([topic(EXPIRY, before.queue)])


def _read(row: Row) -> Standing:
    """The standing in a row of ``sql/standing.sql``."""
    state, claims, queue, priority, attempt, max_attempts, run_at, expires_at, finished_at, tags, reason, cancel = row
    return Standing(
        state=JobState(state),
        claims=claims,
        queue=queue,
        priority=priority,
        attempt=attempt,
        max_attempts=max_attempts,
        run_at=run_at,
        expires_at=expires_at,
        finished_at=finished_at,
        tags=() if tags is None else decode_tags(tags),
        reason=reason,
        cancel_requested=cancel,
    )
