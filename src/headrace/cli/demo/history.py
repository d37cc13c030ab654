"""What happened to the demo's jobs, read back from the store when all is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from headrace.app import Headrace
from headrace.cli.demo.crew import Victim
from headrace.model.job import AttemptOutcome, Job, JobState
from headrace.model.page import PAGE_LIMIT_MAX


class History(Struct, kw_only=True):
    """Counts over all jobs. ``recovered`` are jobs that ended although an attempt of theirs was lost."""

    jobs: int = 0
    attempts: int = 0
    retried: int = 0
    lost: int = 0
    recovered: int = 0
    dead: int = 0
    unfinished: int = 0
    problems: list[str] = []

    def add(self, job: Job, outcomes: Sequence[AttemptOutcome]) -> None:
        """Count a job, whose attempts ended so."""
        self.jobs += 1
        self.attempts += len(outcomes)
        self.retried += AttemptOutcome.FAILED in outcomes[:-1]
        self.lost += outcomes.count(AttemptOutcome.LOST)
        self.recovered += AttemptOutcome.LOST in outcomes and job.state.final
        self.dead += job.state is JobState.DEAD
        self.unfinished += not job.state.final


async def read_history(app: Headrace, victim: Victim | None) -> History:
    """Go through all jobs and their attempts."""
    history = History()
    held = set(victim.held) if victim else set()
    async for job in _all_jobs(app):
        made = await app.attempts(job.id)
        outcomes = [attempt.outcome for attempt in made]
        history.add(job, outcomes)
        if victim is not None and job.id in held:
            held.discard(job.id)
            history.problems += _problems_of_held(job.id, outcomes, [attempt.worker for attempt in made], victim)
    history.problems += [f"job {job_id} was held by the killed worker and is gone" for job_id in sorted(held)]
    if history.unfinished:
        history.problems.append(f"{history.unfinished} jobs have not ended")
    return history


async def _all_jobs(app: Headrace) -> AsyncIterator[Job]:
    cursor: str | None = None
    while True:
        page = await app.find(cursor=cursor, limit=PAGE_LIMIT_MAX)
        for job in page.items:
            yield job
        cursor = page.next_cursor
        if cursor is None:
            return


def _problems_of_held(
    job_id: str, outcomes: Sequence[AttemptOutcome], workers: Sequence[str], victim: Victim
) -> list[str]:
    if (AttemptOutcome.LOST, victim.worker) not in zip(outcomes, workers, strict=True):
        return [f"job {job_id} was held by the killed worker, and no lost attempt tells of it"]
    if workers[-1] == victim.worker:
        return [f"job {job_id} did not finish elsewhere"]
    return []
