"""Why a job that has ended will not run again by itself."""

from __future__ import annotations

from headrace.app.explaining.facts import Facts, at
from headrace.model.explanation import Explanation
from headrace.model.job import AttemptOutcome, JobState


def ended(facts: Facts) -> Explanation:
    """How it ended, and how to run it again."""
    job = facts.job
    match job.state:
        case JobState.DEAD:
            return _dead(facts)
        case JobState.CANCELLED:
            return Explanation(
                code="cancelled",
                sentence=f"It was cancelled{_when(facts)}: {job.reason or 'no reason was given'}.",
                evidence={"reason": job.reason, "finished_at": job.finished_at},
                remedy=f"headrace job retry {job.id}",
            )
        case JobState.EXPIRED:
            expires = "" if job.expires_at is None else f", at {at(job.expires_at)}"
            return Explanation(
                code="expired",
                sentence=f"It expired{expires}, before a worker had begun it.",
                evidence={"expires_at": job.expires_at, "run_at": job.run_at, "finished_at": job.finished_at},
                remedy=f"headrace job retry {job.id}",
            )
        case _:
            return Explanation(
                code="succeeded",
                sentence=f"It has succeeded{_when(facts)}, at attempt {job.attempt} of {job.max_attempts}.",
                evidence={"finished_at": job.finished_at, "attempt": job.attempt, "worker": job.worker},
            )


def _dead(facts: Facts) -> Explanation:
    job, error = facts.job, facts.error
    evidence = {
        "error": error,
        "reason": job.reason,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "finished_at": job.finished_at,
    }
    last = facts.attempts[-1].outcome if facts.attempts else None
    told = f"{error['type']}: {error['message']}" if error else "no error was kept"
    if last is AttemptOutcome.LOST:
        code = "dead.quarantined" if job.attempt < job.max_attempts else "dead.lost"
        sentence = f"It is dead{_when(facts)}: {job.reason or f'in its last attempt, {told}'}."
    elif last is AttemptOutcome.DISCARDED:
        code, sentence = "dead.discarded", f"It is dead{_when(facts)}: its handler gave it up: {job.reason or told}."
    elif job.attempt < job.max_attempts:
        code = "dead.not_retried"
        sentence = f"It is dead{_when(facts)}: {told}, which its task does not retry."
    else:
        code = "dead.exhausted"
        sentence = f"It is dead{_when(facts)}: all {job.max_attempts} attempts failed, the last with {told}."
    return Explanation(code=code, sentence=sentence, evidence=evidence, remedy=f"headrace job retry {job.id}")


def _when(facts: Facts) -> str:
    return "" if facts.job.finished_at is None else f" since {at(facts.job.finished_at)}"
