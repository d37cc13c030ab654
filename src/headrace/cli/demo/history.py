"""What happened to the demo's jobs, read back from the store when all is over."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from headrace.app import Headrace
from headrace.cli.demo.crew import Victim
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.page import PAGE_LIMIT_MAX


class History(Struct, frozen=True, kw_only=True):
    """Counts over all jobs. ``recovered`` are jobs that ended although an attempt of theirs was lost."""

    jobs: int
    attempts: int
    retried: int
    lost: int
    recovered: int
    dead: int
    unfinished: int
    problems: tuple[str, ...] = ()


async def read_history(app: Headrace, victim: Victim | None) -> History:
    """Go through all jobs and their attempts."""
    jobs = attempts = retried = lost = recovered = dead = unfinished = 0
    problems: list[str] = []
    held = set(victim.held) if victim else set()
    cursor: str | None = None
    while True:
        page = await app.find(cursor=cursor, limit=PAGE_LIMIT_MAX)
        for job in page.items:
            made = await app.attempts(job.id)
            outcomes = [attempt.outcome for attempt in made]
            jobs += 1
            attempts += len(made)
            retried += AttemptOutcome.FAILED in outcomes[:-1]
            lost += outcomes.count(AttemptOutcome.LOST)
            dead += job.state is JobState.DEAD
            unfinished += not job.state.final
            if AttemptOutcome.LOST in outcomes and job.state.final:
                recovered += 1
            if job.id in held:
                held.discard(job.id)
                workers = [attempt.worker for attempt in made]
                problems += _problems_of_held(job.id, outcomes, workers, victim)
        cursor = page.next_cursor
        if cursor is None:
            break
    problems += [f"job {job_id} was held by the killed worker and is gone" for job_id in sorted(held)]
    if unfinished:
        problems.append(f"{unfinished} jobs have not ended")
    return History(
        jobs=jobs,
        attempts=attempts,
        retried=retried,
        lost=lost,
        recovered=recovered,
        dead=dead,
        unfinished=unfinished,
        problems=tuple(problems),
    )


def _problems_of_held(
    job_id: str, outcomes: Sequence[AttemptOutcome], workers: Sequence[str], victim: Victim | None
) -> list[str]:
    assert victim is not None
    if (AttemptOutcome.LOST, victim.worker) not in zip(outcomes, workers, strict=True):
        return [f"job {job_id} was held by the killed worker, and no lost attempt tells of it"]
    if workers[-1] == victim.worker:
        return [f"job {job_id} did not finish elsewhere"]
    return []
