"""Enqueue: which job is new, and where it begins.

Settled here: a job without ``run_at`` and ``delay`` gets ``run_at`` = now. The id is looked at before the key. A key is
remembered until ``enqueued_at`` plus its window, also when the job is pruned before; deleting the job forgets it.
Whether a key is used again for something else is judged by the task and payload it was first used with. The unique key
is looked at last; an enqueue that adds no job does not take its idempotency key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict

from headrace.backends.memory.record import Record, RememberedKey
from headrace.backends.memory.state import State
from headrace.backends.memory.uniqueness import replaced_form
from headrace.model.job import REPLACEABLE_STATES, Job, JobState, NewJob, UniqueKey
from headrace.storage.jobs import Enqueued


def enqueue(state: State, jobs: Sequence[NewJob]) -> list[Enqueued]:
    """Store each job that is new; a later one of the same batch sees the earlier."""
    return [_enqueue_one(state, new) for new in jobs]


def _enqueue_one(state: State, new: NewJob) -> Enqueued:
    present = state.records.get(new.id)
    if present is not None:
        return Enqueued(id=new.id, state=present.job.state, duplicate=True)
    if new.idempotency_key is not None:
        known = state.keys.get(new.idempotency_key)
        if known is not None and state.now < known.until:
            first = known.record.job
            same = known.task == new.task and known.payload == new.payload
            return Enqueued(id=first.id, state=first.state, duplicate=same, conflict=not same)
    if new.unique is not None:
        holder = state.unique.holder(new.task, new.unique, state.now)
        if holder is not None:
            return _meet(state, holder, new, new.unique)
    record = state.add(_first_form(new, state.now), new.unique)
    if new.idempotency_key is not None:
        until = state.now + new.idempotency_window
        remembered = RememberedKey(record=record, until=until, task=new.task, payload=new.payload)
        state.remember_key(new.idempotency_key, remembered)
    return Enqueued(id=new.id, state=record.job.state)


def _meet(state: State, holder: Record, new: NewJob, unique: UniqueKey) -> Enqueued:
    """What becomes of a job whose unique key another one holds."""
    if unique.on_conflict == "drop":
        return Enqueued(id=holder.job.id, state=holder.job.state, dropped=True)
    if unique.on_conflict == "return" or holder.job.state not in REPLACEABLE_STATES:
        return Enqueued(id=holder.job.id, state=holder.job.state, duplicate=True)
    latest = None if unique.push_max is None else holder.job.enqueued_at + unique.push_max
    form = replaced_form(holder.job, _first_form(new, state.now), latest)
    holder.unique = unique
    state.change(holder, **asdict(form))
    return Enqueued(id=form.id, state=form.state, replaced=True)


def _instant(absolute: datetime | None, relative: timedelta | None, now: datetime) -> datetime | None:
    return absolute if relative is None else now + relative


def _first_form(new: NewJob, now: datetime) -> Job:
    run_at = _instant(new.run_at, new.delay, now) or now
    return Job(
        id=new.id,
        task=new.task,
        payload=new.payload,
        codec=new.codec,
        queue=new.queue,
        priority=new.priority,
        state=JobState.SCHEDULED if run_at > now else JobState.QUEUED,
        attempt=0,
        max_attempts=new.max_attempts,
        claims=0,
        enqueued_at=now,
        run_at=run_at,
        timeout=new.timeout,
        expires_at=_instant(new.expires_at, new.expires_in, now),
        tags=new.tags,
        meta=dict(new.meta),
        trace=new.trace,
        task_version=new.task_version,
        partition=new.partition,
        idempotency_key=new.idempotency_key,
        unique_key=None if new.unique is None else new.unique.key,
    )
