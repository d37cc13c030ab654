"""Jobs, attempts and workers as plain values: what JSON shows, and what tables are made of."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.wire.values import decoded

if TYPE_CHECKING:
    from headrace.model.job import Attempt, Job


def job_view(job: Job) -> dict[str, Any]:
    """A job in a list."""
    return {
        "id": job.id,
        "task": job.task,
        "queue": job.queue,
        "state": job.state.value,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "enqueued_at": job.enqueued_at,
        "run_at": job.run_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "worker": job.worker,
        "tags": list(job.tags),
        "error": None if job.error is None else {"type": job.error.type, "message": job.error.message},
        "reason": job.reason,
        "progress": None if job.progress is None else msgspec.to_builtins(job.progress),
    }


def whole_job_view(job: Job) -> dict[str, Any]:
    """Everything about a job, but its attempts and log lines. ``max_retries`` is ``max_attempts`` less the first."""
    return {
        **job_view(job),
        "max_retries": job.max_attempts - 1,
        "args": decoded(job.payload, job.codec),
        "codec": job.codec,
        "result": decoded(job.result, job.result_codec),
        "error": None if job.error is None else msgspec.to_builtins(job.error),
        "metadata": dict(job.meta),
        "claims": job.claims,
        "timeout_s": None if job.timeout is None else job.timeout.total_seconds(),
        "expires_at": job.expires_at,
        "idempotency_key": job.idempotency_key,
        "unique_key": job.unique_key,
        "partition": job.partition,
        "cancel_requested": job.cancel_requested,
        "task_version": job.task_version,
        "trace": job.trace,
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """An attempt, with its traceback."""
    return {
        "number": attempt.number,
        "outcome": attempt.outcome.value,
        "worker": attempt.worker,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "error": None if attempt.error is None else msgspec.to_builtins(attempt.error),
        "cpu_s": attempt.cpu_s,
        "peak_rss_bytes": attempt.peak_rss_bytes,
    }


def when_of(job: dict[str, Any] | Any) -> datetime:
    """The instant of a job that a list shows: when it ended, began, or was enqueued."""
    instant = job["finished_at"] or job["started_at"] or job["enqueued_at"]
    assert isinstance(instant, datetime)
    return instant
