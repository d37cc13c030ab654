"""Eight processes on one file."""

from __future__ import annotations

from collections import Counter

from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import Programs, acknowledged, opened, read_attempts, read_jobs, wait_until_all_ended

EACH = 800
COMPLAINTS = ("locked", "Unavailable", "WARNING", "ERROR", "Traceback")


async def test_eight_processes_share_one_file_and_no_lock_reaches_anyone(programs: Programs) -> None:
    enqueuers = [programs.start("enqueuer", count=EACH, batch=7) for _ in range(4)]
    workers = [programs.start("worker", slots=20) for _ in range(4)]
    for enqueuer in enqueuers:
        assert enqueuer.wait(60) == 0, enqueuer.told()
    async with opened(programs.url) as backend:
        await wait_until_all_ended(backend, timeout=60)
        ids = acknowledged(enqueuers)
        jobs = await read_jobs(backend, ids)
        attempts = await read_attempts(backend, jobs)
    for worker in workers:
        worker.process.terminate()
        assert worker.wait() == 0, worker.told()
    assert len(ids) == len(set(ids)) >= 4 * EACH
    assert Counter(job.state for job in jobs) == {JobState.SUCCEEDED: len(ids)}
    for job in jobs:
        assert [each.outcome for each in attempts[job.id]] == [AttemptOutcome.SUCCEEDED]
    assert Counter(programs.executions().values()) == {1: len(ids)}
    for program in programs.started:
        assert not [line for line in program.errors().splitlines() if any(word in line for word in COMPLAINTS)]
