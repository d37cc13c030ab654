"""What a running job is doing, and whether its worker is there."""

from __future__ import annotations

from datetime import timedelta

from headrace.app.explaining.facts import Facts, at, span
from headrace.engine.heartbeater import SILENT_AFTER
from headrace.engine.registry import WorkerRecord
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
        "lease_ends": None if facts.lease_left is None else facts.now + facts.lease_left,
    }
    since = f"since {at(started_at)} ({span(facts.now - started_at)})"
    if worker is None:
        return Explanation(
            code="running.unheard",
            sentence=f"It runs {since}, but its worker {job.worker} is not heard of; {_what_follows(facts)}.",
            evidence=evidence,
            remedy="headrace worker list",
        )
    where = f"on {worker.hostname}, process {worker.pid}"
    silence = _silence(facts, worker)
    if silence is not None:
        heard = f"nothing was heard of that worker since {at(facts.now - silence)} ({span(silence)})"
        return Explanation(
            code="running.unheard",
            sentence=f"It runs {since} {where}, but {heard}; {_what_follows(facts)}.",
            evidence={**evidence, "heard_at": facts.now - silence},
            remedy="headrace worker list",
        )
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


def _silence(facts: Facts, worker: WorkerRecord) -> timedelta | None:
    """Since when no heartbeat has come, where one should have."""
    lease = timedelta(seconds=worker.lease_s)
    if facts.lease_left is None or not lease:
        return None
    silence = lease - facts.lease_left
    return silence if silence > lease * SILENT_AFTER else None


def _what_follows(facts: Facts) -> str:
    """What becomes of a job whose worker stays silent."""
    left = facts.lease_left
    if left is None:
        return "when its lease ends it goes back to the queue"
    ends = at(facts.now + left)
    if left > timedelta(0):
        return f"if nothing is heard by {ends}, in {span(left)}, it goes back to the queue"
    if not facts.workers:
        return f"its lease ended at {ends}, and no worker is there to notice"
    return f"its lease ended at {ends}, and the next round of upkeep takes it back"
