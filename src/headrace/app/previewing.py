"""Counting jobs for a preview of what an operation would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from headrace.model.job import Job
from headrace.model.operation import Preview

PREVIEW_MAX = 10_000
"""Jobs that a preview counts: beyond it "more than 10,000" says enough, and counting would cost as much as acting."""


class Tally:
    """Counts jobs for a preview, up to PREVIEW_MAX of them."""

    def __init__(self) -> None:
        self._states, self._queues, self._tasks = Counter[str](), Counter[str](), Counter[str]()

    @property
    def full(self) -> bool:
        """Whether no more are counted."""
        return self._states.total() >= PREVIEW_MAX

    def count(self, jobs: Iterable[Job]) -> None:
        """Count these, as far as there is room."""
        for job in islice(jobs, PREVIEW_MAX - self._states.total()):
            self._states[job.state.value] += 1
            self._queues[job.queue] += 1
            self._tasks[job.task] += 1

    def preview(self, *, complete: bool) -> Preview:
        """What was counted, the most frequent first."""
        return Preview(
            matched=self._states.total(),
            complete=complete,
            states=dict(self._states.most_common()),
            queues=dict(self._queues.most_common()),
            tasks=dict(self._tasks.most_common()),
        )
