"""From jobs as a store holds them to jobs as they are shown: without what must not be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import structs

from headrace.model.correlation import correlation_of
from headrace.model.job import Attempt, ErrorInfo, Job, LogLine
from headrace.model.redaction import for_arguments, redact, redact_result, redact_text, redact_view
from headrace.wire.jobs import AttemptView, JobDetail, JobError, JobResult, JobSummary
from headrace.wire.values import decoded

T = TypeVar("T")


def job_summary(job: Job, rules: Sequence[str]) -> JobSummary:
    """A job in a list. ``rules`` are the redaction rules of its task."""
    texts = job.tags or job.error is not None or job.reason is not None or job.progress is not None
    return _without(_summary(job), _secrets_of(job, rules) if texts else set())


def job_detail(job: Job, rules: Sequence[str]) -> JobDetail:
    """Everything about a job. ``rules`` are the redaction rules of its task."""
    secrets: set[str] = set()
    arguments = redact(decoded(job.payload, job.codec), for_arguments(rules), secrets)
    shown = JobDetail(
        **structs.asdict(_summary(job, traceback=True)),
        args=arguments,
        codec=job.codec,
        result=redact_result(decoded(job.result, job.result_codec), rules, secrets),
        meta=redact(dict(job.meta), (), secrets),
        claims=job.claims,
        timeout_s=None if job.timeout is None else job.timeout.total_seconds(),
        expires_at=job.expires_at,
        idempotency_key=job.idempotency_key,
        unique_key=job.unique_key,
        partition=job.partition,
        cancel_requested=job.cancel_requested,
        task_version=job.task_version,
        correlation_id=correlation_of(job),
    )
    return _without(shown, secrets)


def job_result(job: Job, rules: Sequence[str]) -> JobResult:
    """How a job has ended, if it has. ``rules`` are the redaction rules of its task."""
    secrets = _secrets_of(job, rules)
    shown = JobResult(
        id=job.id,
        state=job.state,
        ended=job.state.final,
        result=redact_result(decoded(job.result, job.result_codec), rules, secrets),
        error=_error(job.error, traceback=True),
        reason=job.reason,
    )
    return _without(shown, secrets)


def attempt_views(job: Job, attempts: Iterable[Attempt], rules: Sequence[str]) -> list[AttemptView]:
    """The attempts of a job, with their tracebacks."""
    secrets = _secrets_of(job, rules)
    return [_without(_attempt(attempt), secrets) for attempt in attempts]


def log_views(job: Job, lines: Iterable[LogLine], rules: Sequence[str]) -> list[LogLine]:
    """What a job's handler has logged."""
    secrets = _secrets_of(job, rules)
    return [structs.replace(line, message=redact_text(line.message, secrets)) for line in lines]


def _summary(job: Job, *, traceback: bool = False) -> JobSummary:
    return JobSummary(
        id=job.id,
        task=job.task,
        queue=job.queue,
        state=job.state,
        priority=job.priority,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        enqueued_at=job.enqueued_at,
        run_at=job.run_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        worker=job.worker,
        tags=job.tags,
        error=_error(job.error, traceback=traceback),
        reason=job.reason,
        progress=job.progress,
    )


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        outcome=attempt.outcome,
        worker=attempt.worker,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        error=_error(attempt.error, traceback=True),
        cpu_s=attempt.cpu_s,
        peak_rss_bytes=attempt.peak_rss_bytes,
    )


def _error(error: ErrorInfo | None, *, traceback: bool) -> JobError | None:
    if error is None:
        return None
    return JobError(
        type=error.type,
        message=error.message,
        fingerprint=error.fingerprint,
        traceback=error.traceback if traceback else "",
    )


def _secrets_of(job: Job, rules: Sequence[str]) -> set[str]:
    """The values that must not be shown, wherever they stand."""
    secrets: set[str] = set()
    redact(decoded(job.payload, job.codec), for_arguments(rules), secrets)
    return secrets


def _without(view: T, secrets: set[str]) -> T:
    """The view with the secret values replaced in its texts. Few views have any, so the long way is taken for those."""
    if not secrets:
        return view
    shown: T = msgspec.convert(redact_view(msgspec.to_builtins(view), secrets), type(view))
    return shown
