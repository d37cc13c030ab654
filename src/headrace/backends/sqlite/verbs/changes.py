"""What people do to jobs: cancel, retry, discard, wake, edit, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.finish import announce_state
from headrace.backends.sqlite.verbs.forget import forget_jobs
from headrace.backends.sqlite.verbs.lanes import enter_lanes
from headrace.backends.sqlite.verbs.new_jobs import storable
from headrace.model.ids import JobId
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, JobState
from headrace.storage.jobs import Changed, JobEdit
from headrace.storage.signals import CANCEL, DUE, EXPIRY, WORK


class Target(NamedTuple):
    """A job that is to be changed; the order of fields is that of ``sql/select_jobs.sql``."""

    place: int
    seq: int
    id: str
    queue: str
    state: str
    run_at: int
    wake_at: int | None
    wakes: int
    cancel: int
    unique: int


Verb = Callable[[Target], JobState | None]
"""Changes a job and answers its new state, or None where the verb does not apply."""


def change(transaction: Transaction, ids: Sequence[JobId], verb: Verb) -> list[Changed]:
    """Apply a verb to each; a job that is named twice is seen the second time as the first left it."""
    replies = [Changed(id=job_id, state=None, changed=False) for job_id in ids]
    repeated = len(set(ids)) < len(ids)
    for target in (Target(*row) for row in transaction.rows("select_jobs", {"ids": as_json(ids)})):
        now_target = _again(transaction, target) if repeated else target
        if now_target is None:
            continue
        state = verb(now_target)
        replies[target.place] = Changed(
            id=JobId(target.id), state=state or JobState(now_target.state), changed=state is not None
        )
    return replies


def _again(transaction: Transaction, target: Target) -> Target | None:
    for row in transaction.rows("select_jobs", {"ids": as_json([target.id])}):
        return Target(*row)
    return None


def cancel_many(transaction: Transaction, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End what is pending; mark what runs."""

    def verb(job: Target) -> JobState | None:
        state = JobState(job.state)
        if state in PENDING_STATES:
            transaction.run("cancel_pending", {"seq": job.seq, "reason": reason, "now": transaction.now})
            _moved(transaction, job, JobState.CANCELLED)
            return JobState.CANCELLED
        if state is JobState.RUNNING and not job.cancel:
            transaction.run("request_cancel", {"seq": job.seq, "reason": reason})
            transaction.announce(CANCEL, job.id)
            return JobState.RUNNING
        return None

    return change(transaction, ids, verb)


def retry_many(transaction: Transaction, ids: Sequence[JobId], edits: Sequence[JobEdit] = ()) -> list[Changed]:
    """Queue what ended without success, unless another live job holds its unique key; then edit it."""
    rivals: dict[JobId, JobId] = {}

    def verb(job: Target) -> JobState | None:
        if JobState(job.state) not in RETRIABLE_STATES:
            return None
        rival = transaction.value("find_rival", {"seq": job.seq, "now": transaction.now}) if job.unique else None
        if rival is not None:
            rivals[JobId(job.id)] = JobId(rival)
            return None
        transaction.run("requeue", {"seq": job.seq, "now": transaction.now})
        transaction.run("delete_result", (job.seq,))
        enter_lane(transaction, job.queue, job.seq)
        _moved(transaction, job, JobState.QUEUED)
        return JobState.QUEUED

    replies = change(transaction, ids, verb)
    if rivals:
        replies = [replace(each, conflict=rivals.get(each.id)) for each in replies]
    if not edits:
        return replies
    retried = {reply.id for reply in replies if reply.changed}
    edited = {reply.id: reply.state for reply in edit_many(transaction, [each for each in edits if each.id in retried])}
    return [replace(reply, state=edited.get(reply.id, reply.state)) for reply in replies]


def discard_many(transaction: Transaction, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End what is dead as cancelled."""

    def verb(job: Target) -> JobState | None:
        if job.state != JobState.DEAD:
            return None
        transaction.run("cancel_pending", {"seq": job.seq, "reason": reason, "now": transaction.now})
        _moved(transaction, job, JobState.CANCELLED)
        return JobState.CANCELLED

    return change(transaction, ids, verb)


def wake_many(transaction: Transaction, ids: Sequence[JobId]) -> list[Changed]:
    """Count a wake-up; queue what waits."""

    def verb(job: Target) -> JobState | None:
        state = JobState(job.state)
        if state.final:
            return None
        woken = JobState.QUEUED if state is JobState.WAITING else state
        run_at, wake_at = job.run_at, job.wake_at
        if state is JobState.WAITING:
            run_at, wake_at = min(run_at, transaction.now), None
        values = {"seq": job.seq, "state": woken.value, "run_at": run_at, "wake_at": wake_at, "now": transaction.now}
        transaction.run("wake", values)
        if woken is not state:
            _moved(transaction, job, woken)
        return woken

    return change(transaction, ids, verb)


def delete_many(transaction: Transaction, ids: Sequence[JobId]) -> list[Changed]:
    """Forget jobs that are not running, and let their idempotency keys be taken again."""

    def verb(job: Target) -> JobState | None:
        state = JobState(job.state)
        if state is JobState.RUNNING:
            return None
        transaction.run("release_key", {"seq": job.seq})
        forget_jobs(transaction, [job.seq])
        transaction.move(job.queue, state, None)
        return state

    return change(transaction, ids, verb)


def edit_many(transaction: Transaction, edits: Sequence[JobEdit]) -> list[Changed]:
    """Give jobs new values."""
    replies: list[Changed] = []
    for edit in edits:
        replies += change(transaction, [edit.id], lambda job, edit=edit: _edit(transaction, job, edit))  # type: ignore[misc]
    return replies


def _edit(transaction: Transaction, job: Target, edit: JobEdit) -> JobState | None:
    state = JobState(job.state)
    if state in (JobState.RUNNING, JobState.SUCCEEDED) or not _as_expected(transaction, job.seq, edit):
        return None
    target, run_at, wake_at = _new_time(transaction, job, state, edit)
    queue = job.queue if isinstance(edit.queue, UnsetType) else edit.queue
    values = {
        "seq": job.seq,
        "state": target.value,
        "queue": queue,
        "run_at": run_at,
        "wake_at": wake_at,
        "now": transaction.now,
        "priority": None if isinstance(edit.priority, UnsetType) else edit.priority,
        "max_attempts": None if isinstance(edit.max_attempts, UnsetType) else edit.max_attempts,
        "set_expiry": edit.expires_at is not UNSET,
        "expires_at": to_us(edit.expires_at) if isinstance(edit.expires_at, datetime) else None,
    }
    _edit_body(transaction, job.seq, edit)  # first, for the journal tells of the job as it is after the edit
    transaction.run("edit_job", values)
    enter_lane(transaction, queue, job.seq)
    if (queue, target) != (job.queue, state):
        transaction.move(job.queue, state, None)
        transaction.move(queue, None, target)
    if target is JobState.QUEUED:
        transaction.announce(WORK, queue)
    elif target is JobState.SCHEDULED:
        transaction.announce(DUE, queue)
    if isinstance(edit.expires_at, datetime) and target in PENDING_STATES:
        transaction.announce(EXPIRY, queue)
    return target


def _new_time(
    transaction: Transaction, job: Target, state: JobState, edit: JobEdit
) -> tuple[JobState, int, int | None]:
    if isinstance(edit.run_at, UnsetType):
        return state, job.run_at, job.wake_at
    run_at = to_us(edit.run_at)
    if state in (JobState.SCHEDULED, JobState.QUEUED):
        if run_at > transaction.now:
            return JobState.SCHEDULED, run_at, run_at
        return JobState.QUEUED, run_at, None
    return state, run_at, None if job.wake_at is None else run_at


def _as_expected(transaction: Transaction, seq: int, edit: JobEdit) -> bool:
    if isinstance(edit.if_payload, UnsetType):
        return True
    return bool(transaction.value("has_payload", (seq, storable(edit.if_payload))))


def _edit_body(transaction: Transaction, seq: int, edit: JobEdit) -> None:
    if not isinstance(edit.payload, UnsetType):
        transaction.run("edit_payload", (storable(edit.payload), seq))
    if not isinstance(edit.task_version, UnsetType):
        transaction.run("edit_task_version", (edit.task_version, seq))
    if not isinstance(edit.tags, UnsetType):
        transaction.run("edit_tags", (as_json(edit.tags) if edit.tags else None, seq))
    if not isinstance(edit.meta, UnsetType):
        transaction.run("edit_meta", (as_json(edit.meta) if edit.meta else None, seq))


def enter_lane(transaction: Transaction, queue: str, seq: int) -> None:
    """Put a job into the lane it belongs to, if any queue has lanes."""
    if transaction.rules().any_lanes:
        enter_lanes(transaction, queue, [seq])


def _moved(transaction: Transaction, job: Target, state: JobState) -> None:
    transaction.move(job.queue, job.state, state)
    announce_state(transaction, job.id, job.queue, state)
