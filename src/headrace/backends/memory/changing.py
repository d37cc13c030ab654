"""What people do to jobs: cancel, retry, discard, wake, edit, delete.

Settled here: ``retry`` clears ``finished_at``, ``reason``, the cancel request, the expiry and the result, and keeps
``error``; attempts are numbered from 1 again. Of jobs with one unique key it queues only the first. ``discard``
counts the retention anew. ``wake`` of a
waiting job brings ``run_at`` forward to now where it lies ahead. An edited ``run_at`` of a waiting job that has an
``until`` moves that; of an ended job it is only noted. An edit of nothing answers ``changed``; one of the payload
leaves the unique key as it was. ``delete`` lets the job's idempotency key be taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.model.ids import JobId
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, JobState
from headrace.storage.jobs import Changed, JobEdit


def _change(state: State, job_id: JobId, verb: Callable[[Record], bool]) -> Changed:
    record = state.records.get(job_id)
    if record is None:
        return Changed(id=job_id, state=None, changed=False)
    changed = verb(record)
    return Changed(id=job_id, state=record.job.state, changed=changed)


def cancel(state: State, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End pending jobs; mark running ones, once."""

    def verb(record: Record) -> bool:
        job = record.job
        if job.state in PENDING_STATES:
            state.change(record, state=JobState.CANCELLED, finished_at=state.now, reason=reason)
            return True
        if job.state is JobState.RUNNING and not job.cancel_requested:
            state.change(record, cancel_requested=True, reason=reason)
            return True
        return False

    return [_change(state, job_id, verb) for job_id in ids]


def retry(state: State, ids: Sequence[JobId], edits: Sequence[JobEdit]) -> list[Changed]:
    """Queue ended jobs that did not succeed, as if they had never been tried; not beside a rival for their key.

    Those that were queued are then edited.
    """
    changes = [_retry_one(state, job_id) for job_id in ids]
    retried = {change.id for change in changes if change.changed}
    edited = {each.id: _edit_one(state, each).state for each in edits if each.id in retried}
    return [replace(change, state=edited.get(change.id, change.state)) for change in changes]


def _retry_one(state: State, job_id: JobId) -> Changed:
    record = state.records.get(job_id)
    if record is not None and record.job.state in RETRIABLE_STATES:
        rival = state.unique.rival(record, state.now)
        if rival is not None:
            return Changed(id=job_id, state=record.job.state, changed=False, conflict=rival.job.id)

    def verb(record: Record) -> bool:
        if record.job.state not in RETRIABLE_STATES:
            return False
        state.change(
            record,
            state=JobState.QUEUED,
            attempt=0,
            run_at=state.now,
            expires_at=None,
            finished_at=None,
            reason=None,
            cancel_requested=False,
            result=None,
            result_codec=None,
        )
        return True

    return _change(state, job_id, verb)


def discard(state: State, ids: Sequence[JobId], reason: str) -> list[Changed]:
    """End dead jobs as cancelled: nobody has to look at them any more."""

    def verb(record: Record) -> bool:
        if record.job.state is not JobState.DEAD:
            return False
        state.change(record, state=JobState.CANCELLED, finished_at=state.now, reason=reason)
        return True

    return [_change(state, job_id, verb) for job_id in ids]


def wake(state: State, ids: Sequence[JobId]) -> list[Changed]:
    """Count a wake-up of jobs that have not ended; queue those that wait."""

    def verb(record: Record) -> bool:
        job = record.job
        if job.state.final:
            return False
        if job.state is JobState.WAITING:
            state.change(record, wakes=job.wakes + 1, state=JobState.QUEUED, run_at=min(job.run_at, state.now))
        else:
            state.change(record, wakes=job.wakes + 1)
        return True

    return [_change(state, job_id, verb) for job_id in ids]


def edit(state: State, edits: Sequence[JobEdit]) -> list[Changed]:
    """Give jobs new values; a new ``run_at`` decides again whether a job is scheduled or queued."""
    return [_edit_one(state, each) for each in edits]


def _edit_one(state: State, edit: JobEdit) -> Changed:
    values: dict[str, Any] = {name: value for name, value in asdict(edit).items() if value is not UNSET}
    del values["id"]
    expected = values.pop("if_payload", None)

    def verb(record: Record) -> bool:
        job = record.job
        if job.state in (JobState.RUNNING, JobState.SUCCEEDED) or expected not in (None, job.payload):
            return False
        if "run_at" in values and job.state in (JobState.SCHEDULED, JobState.QUEUED):
            values["state"] = JobState.SCHEDULED if values["run_at"] > state.now else JobState.QUEUED
        state.change(record, **values)
        return True

    return _change(state, edit.id, verb)


def delete(state: State, ids: Sequence[JobId]) -> list[Changed]:
    """Forget jobs that are not running, and the keys they hold."""

    def verb(record: Record) -> bool:
        if record.job.state is JobState.RUNNING:
            return False
        state.remove(record)
        key = record.job.idempotency_key
        if key is not None and key in state.keys and state.keys[key].record is record:
            state.forget_key(key)
        return True

    return [_change(state, job_id, verb) for job_id in ids]
