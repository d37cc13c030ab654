"""Taking changes back: jobs go to where they stood, unless anything else became of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UnsetType

from headrace.backends.memory.state import State
from headrace.model.job import FINAL_STATES
from headrace.model.standing import standing_of, state_again
from headrace.storage.jobs import Changed, JobRestore


def restore(state: State, restores: Sequence[JobRestore]) -> list[Changed]:
    """Put back each job that is as it was left, unless a rival has its unique key."""
    return [_restore_one(state, each) for each in restores]


def _restore_one(state: State, restore: JobRestore) -> Changed:
    record = state.records.get(restore.id)
    if record is None:
        return Changed(id=restore.id, state=None, changed=False)
    job, before = record.job, restore.before
    found = standing_of(job)
    differs = restore.differs(found)
    if differs is not None:
        return Changed(id=job.id, state=job.state, changed=False, differs=differs)
    target = state_again(before, found, state.now)
    if job.state in FINAL_STATES and target not in FINAL_STATES:
        rival = state.unique.rival(record, state.now)
        if rival is not None:
            return Changed(id=job.id, state=job.state, changed=False, conflict=rival.job.id)
    state.change(
        record,
        state=target,
        queue=before.queue,
        priority=before.priority,
        attempt=before.attempt,
        max_attempts=before.max_attempts,
        run_at=job.run_at if isinstance(before.run_at, UnsetType) else before.run_at,
        expires_at=before.expires_at,
        finished_at=before.finished_at,
        tags=before.tags,
        reason=before.reason,
        cancel_requested=before.cancel_requested,
    )
    return Changed(id=job.id, state=target, changed=True)
