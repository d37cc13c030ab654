"""What people do to jobs: cancel, retry, wake, edit, delete. Each in a transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from headrace.backends.postgres.rows import Target, as_json
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs import unique
from headrace.backends.postgres.verbs.finish import announce_state, call
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.ids import JobId
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, JobState
from headrace.storage.jobs import Changed, JobEdit
from headrace.storage.signals import CANCEL, EXPIRY, topic

Verb = Callable[[Sequence[Target], datetime], Awaitable[dict[str, JobState]]]
"""Changes jobs, each named once, and answers the new state of those it applied to."""


async def instant(session: Session) -> datetime:
    """The instant of this call."""
    now: datetime = session.now or (await session.rows("instant", None))[0][0]
    return now


async def change(session: Session, ids: Sequence[JobId], verb: Verb) -> list[Changed]:
    """Apply a verb to each; a job that is named again is seen as the time before left it."""
    now = await instant(session)
    replies = [Changed(id=job_id, state=None, changed=False) for job_id in ids]
    for places in _rounds(ids):
        wanted = [ids[place] for place in places]
        targets = await _find_targets(session, wanted)
        states = await verb([targets[job_id] for job_id in wanted if job_id in targets], now)
        for place in places:
            target = targets.get(ids[place])
            if target is not None:
                new = states.get(target.id)
                replies[place] = Changed(id=ids[place], state=new or JobState(target.state), changed=new is not None)
    return replies


def _rounds(ids: Sequence[JobId]) -> list[list[int]]:
    """The places of the ids, cut so that no id is twice in a round."""
    rounds: list[list[int]] = []
    seen: dict[JobId, int] = {}
    for place, job_id in enumerate(ids):
        number = seen.get(job_id, 0)
        seen[job_id] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(place)
    return rounds


async def _find_targets(session: Session, ids: Sequence[JobId]) -> dict[str, Target]:
    found = {row[1]: Target(*row) for row in await session.rows("targets", ids)}
    missing = [job_id for job_id in ids if job_id not in found]
    if missing:
        # A job that ended while its row was waited for has left the one table and was not yet seen in the other.
        found.update({row[1]: Target(*row) for row in await session.rows("targets", missing)})
    return found


async def cancel_many(session: Session, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End what is pending; mark what runs."""

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        pending = [each for each in targets if JobState(each.state) in PENDING_STATES]
        running = [each for each in targets if each.state == "running" and not each.cancel]
        await end_pending(session, pending, JobState.CANCELLED, reason, now)
        if running:
            await session.rows("request_cancel", [each.id for each in running], reason)
            session.announce(topic(CANCEL, each.id) for each in running)
        return {each.id: JobState.CANCELLED for each in pending} | {each.id: JobState.RUNNING for each in running}

    return await change(session, ids, verb)


async def end_pending(
    session: Session, targets: Sequence[Target], state: JobState, reason: str | None, now: datetime
) -> None:
    """Move pending jobs out of the hot table, into a final state."""
    if not targets:
        return
    ids = [each.id for each in targets]
    call(session, (row[0] for row in await session.rows("end_pending", ids, state.value, reason)))
    await session.rows("bury", ids, now)
    await _moved(session, targets, state)


async def retry_many(session: Session, ids: Sequence[JobId]) -> list[Changed]:
    """Queue what ended without success, unless another live job holds its unique key."""
    names = {row[0]: (row[1], row[2]) for row in await session.rows("keys_of_ended", ids)}
    await unique.lock(session, names.values())
    conflicts: dict[str, JobId] = {}

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        again = [each for each in targets if JobState(each.state) in RETRIABLE_STATES]
        back: list[Target] = []
        for run in _runs_of_names(again, names):
            keyed = [each.id for each in run if each.id in names]
            found = await session.rows("find_rivals", keyed, now) if keyed else ()
            rivals: dict[str, str] = {row[0]: row[1] for row in found}
            conflicts.update((job_id, JobId(rival)) for job_id, rival in rivals.items())
            free = [each for each in run if each.id not in rivals]
            if free:
                await session.rows("revive", [each.id for each in free], now)
                await _moved(session, free, JobState.QUEUED)
            back += free
        return {each.id: JobState.QUEUED for each in back}

    replies = await change(session, ids, verb)
    return [reply if reply.changed else replace(reply, conflict=conflicts.get(reply.id)) for reply in replies]


def _runs_of_names(targets: Sequence[Target], names: Mapping[str, unique.Name]) -> Iterator[list[Target]]:
    """The jobs in runs within which no key comes twice: what a run brought back, the look-up for the next one sees."""
    run: list[Target] = []
    seen: set[unique.Name] = set()
    for each in targets:
        name = names.get(each.id)
        if name in seen:
            yield run
            run, seen = [], set()
        if name is not None:
            seen.add(name)
        run.append(each)
    yield run


async def retry_and_edit(session: Session, ids: Sequence[JobId], edits: Sequence[JobEdit]) -> list[Changed]:
    """Queue what ended without success, then edit it: no worker sees such a job as it was."""
    replies = await retry_many(session, ids)
    retried = {reply.id for reply in replies if reply.changed}
    edited = await edit_many(session, [each for each in edits if each.id in retried])
    states = {reply.id: reply.state for reply in edited}
    return [replace(reply, state=states.get(reply.id, reply.state)) for reply in replies]


async def discard_many(session: Session, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End what is dead as cancelled."""

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        dead = [each for each in targets if each.state == "dead"]
        if dead:
            await session.rows("discard", [each.id for each in dead], reason, now)
            await _moved(session, dead, JobState.CANCELLED)
        return {each.id: JobState.CANCELLED for each in dead}

    return await change(session, ids, verb)


async def wake_many(session: Session, ids: Sequence[JobId]) -> list[Changed]:
    """Count a wake-up; queue what waits."""

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        alive = [each for each in targets if not JobState(each.state).final]
        if alive:
            await session.rows("wake", [each.id for each in alive], now)
            await _moved(session, [each for each in alive if each.state == "waiting"], JobState.QUEUED)
        return {each.id: JobState.QUEUED if each.state == "waiting" else JobState(each.state) for each in alive}

    return await change(session, ids, verb)


async def delete_many(session: Session, ids: Sequence[JobId]) -> list[Changed]:
    """Forget jobs that are not running, and let their idempotency keys be taken again."""

    async def verb(targets: Sequence[Target], now: datetime) -> dict[str, JobState]:
        gone = [each for each in targets if each.state != "running"]
        if gone:
            doomed = [each.id for each in gone]
            call(session, (row[0] for row in await session.rows("delete_jobs", doomed)))
            await session.rows("forget", doomed)
            await _moved(session, gone, None)
        return {each.id: JobState(each.state) for each in gone}

    return await change(session, ids, verb)


async def edit_many(session: Session, edits: Sequence[JobEdit]) -> list[Changed]:
    """Give jobs new values."""
    replies: list[Changed] = []
    for edit in edits:

        async def verb(targets: Sequence[Target], now: datetime, edit: JobEdit = edit) -> dict[str, JobState]:
            return {each.id: new for each in targets if (new := await _edit(session, each, edit, now)) is not None}

        replies += await change(session, [edit.id], verb)
    return replies


async def _edit(session: Session, job: Target, edit: JobEdit, now: datetime) -> JobState | None:
    state = JobState(job.state)
    if state in (JobState.RUNNING, JobState.SUCCEEDED) or not await _as_expected(session, job, edit):
        return None
    target, run_at, wake_at = _new_time(job, state, edit, now)
    queue = job.queue if isinstance(edit.queue, UnsetType) else edit.queue
    values = (
        job.id, queue, target.value, _given(edit.priority), run_at, wake_at, _given(edit.max_attempts),
        edit.expires_at is not UNSET, _given(edit.expires_at), _given(edit.payload),
        as_json(edit.tags) if edit.tags else None, edit.tags is not UNSET,
        as_json(edit.meta) if edit.meta else None, edit.meta is not UNSET, _given(edit.task_version),
    )  # fmt: skip
    await session.rows("edit_ended" if state.final else "edit_jobs", *values)
    if (queue, target) != (job.queue, state):
        tally = Tally()
        tally.move(job.queue, state, None)
        tally.move(queue, None, target)
        await tally.write(session)
    if target in (JobState.QUEUED, JobState.SCHEDULED):
        announce_state(session, job.id, queue, target)
    if isinstance(edit.expires_at, datetime) and target in PENDING_STATES:
        session.announce([topic(EXPIRY, queue)])
    return target


async def _as_expected(session: Session, job: Target, edit: JobEdit) -> bool:
    if isinstance(edit.if_payload, UnsetType):
        return True
    return bool(await session.rows("has_payload", job.id, edit.if_payload))


def _given(value: object) -> object:
    return None if value is UNSET else value


def _new_time(job: Target, state: JobState, edit: JobEdit, now: datetime) -> tuple[JobState, datetime, datetime | None]:
    if isinstance(edit.run_at, UnsetType):
        return state, job.run_at, job.wake_at
    run_at = edit.run_at
    if state in (JobState.SCHEDULED, JobState.QUEUED):
        return (JobState.SCHEDULED, run_at, run_at) if run_at > now else (JobState.QUEUED, run_at, None)
    return state, run_at, None if job.wake_at is None else run_at


async def _moved(session: Session, targets: Sequence[Target], state: JobState | None) -> None:
    tally = Tally()
    for each in targets:
        tally.move(each.queue, each.state, state)
        if state is not None:
            announce_state(session, each.id, each.queue, state)
    await tally.write(session)
