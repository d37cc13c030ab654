"""The journal in memory.

Settled here: an event is one change of state; an edit that leaves the state as it is tells nothing, nor does a delete.
``attempt``, ``queue`` and ``tags`` are those after the change. Of a change in two steps (a retry that is edited) each
step is told; a store may tell of a job that one batch both brings and replaces as it is at the end. ``prune`` forgets
from the oldest on, those older than ``keep`` and those that are more than ``keep_max``, and never the newest; a journal
that is off is pruned by the retention it had.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from headrace.model.event import EventKind, EventRetention, JobEvent
from headrace.model.job import Job


@dataclass(slots=True)
class Journal:
    """The events that are kept, oldest first. ``retention`` None: nothing was ever switched on."""

    on: bool = False
    retention: EventRetention | None = None
    newest: int = 0
    kept: deque[JobEvent] = field(default_factory=deque)

    @property
    def oldest(self) -> int:
        """The first sequence that is kept."""
        return self.kept[0].sequence if self.kept else 0

    def write(self, kind: EventKind, job: Job, now: datetime) -> None:
        """Add an event."""
        self.newest += 1
        self.kept.append(
            JobEvent(
                sequence=self.newest,
                kind=kind,
                at=now,
                job_id=job.id,
                task=job.task,
                queue=job.queue,
                state=job.state,
                attempt=job.attempt,
                tags=job.tags,
            )
        )

    def forget(self, now: datetime, limit: int) -> int:
        """Drop what is past the retention."""
        count = 0
        retention = self.retention or EventRetention()
        while count < limit and len(self.kept) > 1:
            if len(self.kept) <= retention.keep_max and self.kept[0].at > now - retention.keep:
                break
            self.kept.popleft()
            count += 1
        return count
