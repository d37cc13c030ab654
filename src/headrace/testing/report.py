"""What a drain did: every attempt it ran, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, JobState


class Run(Struct, frozen=True, kw_only=True):
    """One attempt, and what became of its job.

    ``outcome`` is ``completed``, ``failed``, ``snoozed``, ``cancelled``, ``discarded``, ``waiting``, ``released`` or
    ``lost``, as in the event ``job.finished``. ``state`` is where the job was when the attempt had been stored.
    """

    job_id: JobId
    task: str
    attempt: int
    outcome: str
    state: JobState
    error: ErrorInfo | None = None

    def __str__(self) -> str:
        why = f": {self.error.type}: {self.error.message}" if self.error and self.outcome != "completed" else ""
        return f"{self.task} attempt {self.attempt} {self.outcome}, job {self.state}{why}"


class DrainReport(Struct, frozen=True):
    """The attempts that ran, in order, and counts of them.

    >>> run = Run(job_id=JobId("j-1"), task="greet", attempt=1, outcome="failed", state=JobState.DEAD)
    >>> report = DrainReport((run,))
    >>> report.dead, report.failed, len(report)
    (1, 0, 1)
    """

    runs: tuple[Run, ...] = ()

    @property
    def succeeded(self) -> int:
        """Attempts whose handler returned."""
        return self._count(outcome="completed")

    @property
    def failed(self) -> int:
        """Attempts that failed and will be tried again."""
        return sum(run.outcome == "failed" and run.state is not JobState.DEAD for run in self.runs)

    @property
    def dead(self) -> int:
        """Jobs that ended as dead: their last attempt failed or was lost, or they were discarded."""
        return sum(run.state is JobState.DEAD for run in self.runs)

    @property
    def cancelled(self) -> int:
        """Jobs that ended as cancelled."""
        return sum(run.state is JobState.CANCELLED for run in self.runs)

    @property
    def snoozed(self) -> int:
        """Attempts that asked to run later."""
        return self._count(outcome="snoozed")

    @property
    def lost(self) -> int:
        """Attempts whose worker was made to die."""
        return self._count(outcome="lost")

    def of(self, outcome: str) -> list[Run]:
        """The attempts with this outcome."""
        return [run for run in self.runs if run.outcome == outcome]

    def _count(self, outcome: str) -> int:
        return len(self.of(outcome))

    def __add__(self, other: DrainReport) -> DrainReport:
        return DrainReport((*self.runs, *other.runs))

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __str__(self) -> str:
        return "\n".join(map(str, self.runs)) or "nothing ran"


def most_frequent(runs: Iterable[Run], count: int = 3) -> str:
    """Which tasks ran most, for messages.

    >>> most_frequent([Run(job_id=JobId("1"), task="a", attempt=1, outcome="completed", state=JobState.SUCCEEDED)])
    'a (1)'
    """
    return ", ".join(f"{task} ({times})" for task, times in Counter(run.task for run in runs).most_common(count))
