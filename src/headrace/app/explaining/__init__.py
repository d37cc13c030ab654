"""Why a job is not running: facts are gathered once, and the first rule that fits tells them."""

from __future__ import annotations

from headrace.app.explaining.ended import ended
from headrace.app.explaining.facts import Facts, gather
from headrace.app.explaining.pending import queued, scheduled, waiting
from headrace.app.explaining.running import running
from headrace.model.explanation import Explanation
from headrace.model.job import Job, JobState
from headrace.storage.backend import Backend

__all__ = ["explain"]

_RULES = {
    JobState.SCHEDULED: scheduled,
    JobState.QUEUED: queued,
    JobState.WAITING: waiting,
    JobState.RUNNING: running,
}


async def explain(backend: Backend, job: Job) -> Explanation:
    """The reason for the job's state. Reads settings, counters, rates and the workers' records, and no other job."""
    facts: Facts = await gather(backend, job)
    return _RULES.get(job.state, ended)(facts)
