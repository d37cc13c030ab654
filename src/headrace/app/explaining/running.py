"""What a running job is doing, and whether its worker is there."""

from __future__ import annotations

from headrace.app.explaining.facts import Facts, at, span
from headrace.model.explanation import Explanation


def running(facts: Facts) -> Explanation:
    """Where it runs and since when."""
    job = facts.job
    started_at = job.started_at or facts.now
    worker = next((each for each in facts.workers if each.id == job.worker), None)
    evidence = {
        "worker": job.worker,
        "hostname": worker and worker.hostname,
        "pid": worker and worker.pid,
        "started_at": started_at,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "cancel_requested": job.cancel_requested,
    }
    since = f"since {at(started_at)} ({span(facts.now - started_at)})"
    if worker is None:
        return Explanation(
            code="running.unheard",
            sentence=f"It runs {since}, but its worker {job.worker} is not heard of; "
            "when the lease ends another takes the job over.",
            evidence=evidence,
            remedy="headrace worker list",
        )
    where = f"on {worker.hostname}, process {worker.pid}"
    if job.cancel_requested:
        return Explanation(
            code="running.cancelling",
            sentence=f"It runs {since} {where}, and has been asked to stop: {job.reason or 'no reason was given'}.",
            evidence=evidence,
            remedy=f"headrace job watch {job.id}",
        )
    return Explanation(
        code="running",
        sentence=f"It runs {since} {where}, attempt {job.attempt} of {job.max_attempts}.",
        evidence=evidence,
        remedy=f"headrace job watch {job.id}",
    )
