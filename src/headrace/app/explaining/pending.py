"""Why a job that has not ended is not running. Rules in the order of what would have to change first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from difflib import get_close_matches

from headrace.app.explaining.facts import Facts, at, span
from headrace.engine.registry import WorkerRecord
from headrace.model.explanation import Explanation
from headrace.model.limits import Blocked, BlockedBy, format_rate

NAMED_MAX = 2
"""Jobs or workers named in a sentence; the evidence has more."""

Rule = Callable[[Facts], Explanation | None]


def scheduled(facts: Facts) -> Explanation:
    """Its time has not come, or nobody has noticed that it has."""
    job = facts.job
    evidence = {"run_at": job.run_at, "attempt": job.attempt, "max_attempts": job.max_attempts, "error": facts.error}
    if job.run_at <= facts.now:
        workers = "no worker is there to notice" if not facts.workers else "the next round of upkeep queues it"
        return Explanation(
            code="scheduled.due",
            sentence=f"It is due since {at(job.run_at)}; {workers}.",
            evidence={**evidence, "workers": len(facts.workers)},
            remedy="" if facts.workers else _start_a_worker(facts),
        )
    when = f"{at(job.run_at)}, in {span(job.run_at - facts.now)}"
    now = f"headrace job edit {job.id} --run-at now"
    unfit = _newer_version(facts) or (_unknown_task(facts) if facts.serving else None)
    if unfit is not None and job.claims > job.attempt:
        return Explanation(
            code="scheduled.not_known",
            sentence=f"A worker gave it back, to be tried again at {when}. {unfit.sentence}",
            evidence={**evidence, **unfit.evidence},
            remedy=unfit.remedy,
        )
    if job.attempt and facts.error is not None:
        told = f"{facts.error['type']}: {facts.error['message']}"
        return Explanation(
            code="scheduled.retry",
            sentence=f"It is retried at {when}; attempt {job.attempt} of {job.max_attempts} failed with {told}.",
            evidence=evidence,
            remedy=now,
        )
    return Explanation(code="scheduled", sentence=f"It is scheduled for {when}.", evidence=evidence, remedy=now)


def waiting(facts: Facts) -> Explanation:
    """It parked itself."""
    job = facts.job
    until = f" or until {at(job.run_at)}" if job.run_at > facts.now else ""
    return Explanation(
        code="waiting",
        sentence=f"It waits to be woken{until}; its handler asked for it.",
        evidence={"wakes": job.wakes, "until": job.run_at if until else None},
        remedy=f"headrace job wake {job.id}",
    )


def queued(facts: Facts) -> Explanation:
    """The first reason that applies; the last one always does."""
    return next(found for rule in _QUEUED if (found := rule(facts)) is not None)


def _expired(facts: Facts) -> Explanation | None:
    expires_at = facts.job.expires_at
    if expires_at is None or expires_at > facts.now:
        return None
    return Explanation(
        code="queued.expired",
        sentence=f"It expired at {at(expires_at)}, before a worker had begun it, and ends at the next round of upkeep.",
        evidence={"expires_at": expires_at},
        remedy=f"headrace job edit {facts.job.id} --expires never",
    )


def _paused(facts: Facts) -> Explanation | None:
    queue = facts.queue
    if not queue.paused:
        return None
    since = "" if queue.paused_at is None else f" since {at(queue.paused_at)}"
    reason = f": {queue.pause_reason}" if queue.pause_reason else ""
    return Explanation(
        code="queued.paused",
        sentence=f"Queue {queue.name!r} is paused{since}{reason}.",
        evidence={"queue": queue.name, "paused_at": queue.paused_at, "pause_reason": queue.pause_reason},
        remedy=f"headrace queue resume {queue.name}",
    )


def _unserved(facts: Facts) -> Explanation | None:
    if facts.serving:
        return None
    queues = sorted({queue for worker in facts.workers for queue in worker.queues})
    there = f"; workers there are serve {', '.join(queues)}" if queues else "; no worker is there at all"
    return Explanation(
        code="queued.no_worker",
        sentence=f"No worker serves queue {facts.job.queue!r}{there}.",
        evidence={"queue": facts.job.queue, "workers": len(facts.workers), "queues_served": queues},
        remedy=_start_a_worker(facts),
    )


def _unknown_task(facts: Facts) -> Explanation | None:
    """Workers of an earlier release tell no tasks; of those nothing is said."""
    task = facts.job.task
    if any(not worker.tasks or task in worker.tasks for worker in facts.serving):
        return None
    known = sorted({each for worker in facts.serving for each in worker.tasks})
    near = get_close_matches(task, known, n=2)
    if facts.knowing:
        served = sorted({queue for worker in facts.knowing for queue in worker.queues})
        hint = f"; {_names(facts.knowing)} does, and serves {', '.join(served)}"
    elif near:
        hint = f"; near names: {', '.join(near)}"
    else:
        hint = "" if facts.record is None else f"; workers that did, by {facts.record.reference or 'no code'}, are gone"
    return Explanation(
        code="queued.unknown_task",
        sentence=f"No worker of queue {facts.job.queue!r} knows the task {task!r}{hint}.",
        evidence={
            "task": task,
            "workers": len(facts.serving),
            "near": near,
            "known_by": [worker.id for worker in facts.knowing],
            "reference": None if facts.record is None else facts.record.reference,
        },
        remedy=_start_a_worker(facts),
    )


def _newer_version(facts: Facts) -> Explanation | None:
    """It was enqueued by newer code than any worker has told of; those there are give it back when they claim it."""
    job, record = facts.job, facts.record
    if record is None or record.version >= job.task_version:
        return None
    who = f"the workers that know it ({_names(facts.knowing)})" if facts.knowing else "the workers that knew it"
    return Explanation(
        code="queued.newer_version",
        sentence=f"It is of version {job.task_version} of task {job.task!r}, and {who} have told of version "
        f"{record.version} at most.",
        evidence={
            "task": job.task,
            "version": job.task_version,
            "newest_told": record.version,
            "known_by": [worker.id for worker in facts.knowing],
            "reference": record.reference,
        },
        remedy=_start_a_worker(facts),
    )


def _limited(facts: Facts) -> Explanation | None:
    """The first limit without room; the others are in the evidence."""
    if not facts.blocked:
        return None
    first = facts.blocked[0]
    evidence = {
        "by": first.by.value,
        "target": str(first.target),
        "in_use": first.in_use,
        "holders": list(first.holders),
        "next_token": first.next_token,
        "others": [f"{each.by} of {each.target}" for each in facts.blocked[1:]],
    }
    if first.limit is None:
        return Explanation(
            code="queued.order",
            sentence=f"Jobs of its key run one after another, and {_named(first)} of {first.target} is before it.",
            evidence=evidence,
            remedy=f"headrace job explain {first.holders[0]}" if first.holders else "",
        )
    if first.by is BlockedBy.RATE and first.limit.rate is not None:
        until = "" if first.next_token is None else f"; the next may begin at {at(first.next_token)}"
        return Explanation(
            code="queued.rate",
            sentence=f"The rate of {format_rate(first.limit.rate)} for {first.target} is used up{until}.",
            evidence={**evidence, "rate": format_rate(first.limit.rate)},
            remedy=f"headrace limit set {first.target} --rate RATE",
        )
    most = first.limit.concurrency
    return Explanation(
        code="queued.limit",
        sentence=f"At most {most} of {first.target} run at once, and {first.in_use} do: {_named(first)}.",
        evidence={**evidence, "concurrency": most},
        remedy=f"headrace limit set {first.target} --concurrency {max(1, first.in_use + 1)}",
    )


def _names(workers: Sequence[WorkerRecord]) -> str:
    """Workers in a sentence, the first few by their ids."""
    shown = ", ".join(worker.id for worker in workers[:NAMED_MAX])
    more = len(workers) - NAMED_MAX
    return shown + (f" and {more} more" if more > 0 else "")


def _named(blocked: Blocked) -> str:
    """The jobs that hold a limit, the first few by their ids."""
    shown = ", ".join(blocked.holders[:NAMED_MAX])
    more = max(blocked.in_use, len(blocked.holders)) - NAMED_MAX
    return f"job {shown or 'that was just begun'}" + (f" and {more} more" if more > 0 else "")


def _behind(facts: Facts) -> Explanation:
    job, slots = facts.job, sum(worker.queues[facts.job.queue] for worker in facts.serving)
    # A worker tells what it runs of all its queues together; the store counts what is claimed ahead, too.
    busy = min(facts.running, sum(worker.running for worker in facts.serving))
    evidence = {
        "queued": facts.queued,
        "begun_per_s": round(facts.begun_per_s, 2),
        "workers": len(facts.serving),
        "slots": slots,
        "running": busy,
        "due_since": job.run_at,
    }
    if facts.queued <= 1 and busy < slots:
        sentence = f"It is about to be begun: {slots - busy} of {slots} slots are free."
        return Explanation(code="queued.next", sentence=sentence, evidence=evidence)
    if facts.begun_per_s:
        left = timedelta(seconds=facts.queued / facts.begun_per_s)
        pace = f"{facts.begun_per_s:.3g} begin in a second, so it takes up to {span(left)}"
    else:
        pace = "none began within the last minute"
    others = f"It is one of {facts.queued:,} queued in {job.queue!r}, at priority {job.priority}"
    return Explanation(
        code="queued.behind",
        sentence=f"{others}, with {busy} running in {slots} slots; {pace}.",
        evidence=evidence,
        remedy=f"headrace job edit {job.id} --priority 9" if job.priority < 9 else _start_a_worker(facts),
    )


def _start_a_worker(facts: Facts) -> str:
    return f"headrace worker APP --queue {facts.job.queue}"


_QUEUED: tuple[Rule, ...] = (_expired, _paused, _unserved, _unknown_task, _newer_version, _limited, _behind)
"""What limits let begin is asked only once somebody could begin it."""
