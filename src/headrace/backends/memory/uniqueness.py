"""Unique keys: which job holds one, and what a replacement makes of it.

Settled here: a job holds its key by its state alone, so a job that comes back into the states of a policy holds it
again, and no verb but ``enqueue`` and ``retry`` asks whether it may. Where the states leave out ``running``, a job that
fails, snoozes or is rescued can thus come back beside a younger one: it goes on, since work that was accepted is not
lost, and the key is free when both are gone. Of several holders the one that was enqueued last answers.

A replacement gives a scheduled or queued job all that the new one would have had, its policy included; id, order,
``enqueued_at``, idempotency key, wake counter, history and last error stay, and its attempts are numbered from 1 again.
A queued job that is to be queued keeps its ``run_at``, so that replacing it again and again does not starve it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict, replace

from headrace.backends.memory.record import Record
from headrace.model.ids import JobId
from headrace.model.job import LIVE_STATES, Job, JobState, UniqueKey

_KEPT = (
    "id",
    "enqueued_at",
    "claims",
    "wakes",
    "idempotency_key",
    "started_at",
    "worker",
    "reason",
    "error",
    "progress",
)


class UniqueKeys:
    """The jobs that carry each key of each task, whatever state they are in."""

    def __init__(self) -> None:
        self._carriers: dict[tuple[str, str], dict[JobId, Record]] = {}

    def add(self, record: Record) -> None:
        """Note the key of a new job, if it has one."""
        if record.unique is not None:
            self._carriers.setdefault((record.job.task, record.unique.key), {})[record.job.id] = record

    def remove(self, record: Record) -> None:
        """Forget the key of a job that is deleted."""
        if record.unique is not None:
            name = record.job.task, record.unique.key
            del self._carriers[name][record.job.id]
            if not self._carriers[name]:
                del self._carriers[name]

    def holder(self, task: str, unique: UniqueKey, now: datetime) -> Record | None:
        """The job that takes the key now, by this policy; of several, the one enqueued last."""
        carriers = self._carriers.get((task, unique.key), {}).values()
        holders = [each for each in carriers if unique.taken_by(each.job.state, each.job.enqueued_at, now)]
        return max(holders, key=lambda each: (each.job.enqueued_at, each.order), default=None)

    def rival(self, record: Record, now: datetime) -> Record | None:
        """The live job that takes the key of this ended one, by this one's own policy."""
        own = record.unique
        if own is None:
            return None
        rivals = [
            each
            for each in self._carriers[record.job.task, own.key].values()
            if each.job.state in LIVE_STATES and own.taken_by(each.job.state, each.job.enqueued_at, now)
        ]
        return max(rivals, key=lambda each: (each.job.enqueued_at, each.order), default=None)


def holds_for_a_period(record: Record, now: datetime) -> bool:
    """Whether a job holds its key by its policy's period: it is then the only memory of that, and is not pruned."""
    unique, job = record.unique, record.job
    return unique is not None and unique.period is not None and unique.taken_by(job.state, job.enqueued_at, now)


def replaced_form(old: Job, new: Job, push_max: datetime | None) -> Job:
    """The old job as the new one replaces it; ``push_max`` is the latest instant at which it may become due."""
    run_at = new.run_at if push_max is None else min(new.run_at, push_max)
    state = JobState.SCHEDULED if run_at > new.enqueued_at else JobState.QUEUED
    if old.state is state is JobState.QUEUED:
        run_at = old.run_at
    kept = {name: value for name, value in asdict(old).items() if name in _KEPT}
    return replace(new, **kept, state=state, run_at=run_at)
