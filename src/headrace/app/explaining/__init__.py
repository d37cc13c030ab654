"""Why a job is not running: facts are gathered once, and the first rule that fits tells them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from headrace.app.concealing import secrets_of
from headrace.app.explaining.ended import ended
from headrace.app.explaining.facts import Facts, gather, gather_many
from headrace.app.explaining.pending import queued, scheduled, waiting
from headrace.app.explaining.running import running
from headrace.app.registry import TaskRegistry
from headrace.model.explanation import Explanation
from headrace.model.job import Job, JobState
from headrace.model.redaction import redact_text, redact_texts
from headrace.storage.backend import Backend

__all__ = ["codes", "explain"]

_RULES = {
    JobState.SCHEDULED: scheduled,
    JobState.QUEUED: queued,
    JobState.WAITING: waiting,
    JobState.RUNNING: running,
}


async def explain(backend: Backend, job: Job, registry: TaskRegistry) -> Explanation:
    """The reason for the job's state, without what its task redacts.

    Reads settings, counters, rates, the workers' records and the task's entry in the catalogue, and no other job.
    """
    facts: Facts = await gather(backend, job)
    found = _RULES.get(job.state, ended)(facts)
    secrets = secrets_of(job, registry, {} if facts.record is None else {job.task: facts.record})
    if not secrets:
        return found
    return structs.replace(
        found, sentence=redact_text(found.sentence, secrets), evidence=redact_texts(found.evidence, secrets)
    )


async def codes(backend: Backend, jobs: Sequence[Job]) -> list[str]:
    """The codes that ``explain`` gives these jobs, none of which has ended; answer *i* is for job *i*."""
    return [_RULES[facts.job.state](facts).code for facts in await gather_many(backend, jobs)]
