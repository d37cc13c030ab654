"""What queries answer, as values of the model."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from headrace.backends.postgres.session import Row
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, Job, JobState, Progress

decode_error = msgspec.json.Decoder(ErrorInfo).decode
decode_progress = msgspec.json.Decoder(Progress).decode
decode_tags = msgspec.json.Decoder(tuple[str, ...]).decode
decode_meta = msgspec.json.Decoder(dict[str, Any]).decode


def as_json(value: Any) -> str:
    """A value as JSON text, the form in which documents go to the server."""
    return msgspec.json.encode(value).decode()


class Held(NamedTuple):
    """A running job under a current lease; the order of fields is that of ``sql/held.sql`` and ``sql/lost.sql``."""

    place: int
    id: str
    queue: str
    attempt: int
    max_attempts: int
    claims: int
    wakes: int
    worker: str
    started_at: datetime
    run_at: datetime
    cancel_requested: bool
    reason: str | None
    expires: bool


class Target(NamedTuple):
    """A job that is to be changed; the order of fields is that of ``sql/targets.sql``."""

    place: int
    id: str
    queue: str
    state: str
    run_at: datetime
    wake_at: datetime | None
    cancel: bool


def read_job(row: Row, *, result: bytes | None = None, result_codec: str | None = None) -> Job:
    """The job in a row of ``sql/job_fields.sql``."""
    (_, job_id, task, payload, codec, queue, priority, state, attempt, max_attempts, claims, enqueued_at, run_at,
     timeout, expires_at, started_at, finished_at, worker, tags, meta, trace, task_version, idempotency_key, unique_key,
     wakes, cancel, reason, error, progress, partition) = row[:30]  # fmt: skip
    return Job(
        id=JobId(job_id),
        task=task,
        payload=payload,
        codec=codec,
        queue=queue,
        priority=priority,
        state=JobState(state),
        attempt=attempt,
        max_attempts=max_attempts,
        claims=claims,
        enqueued_at=enqueued_at,
        run_at=run_at,
        timeout=timeout,
        expires_at=expires_at,
        started_at=started_at,
        finished_at=finished_at,
        worker=worker,
        tags=() if tags is None else decode_tags(tags),
        meta={} if meta is None else decode_meta(meta),
        trace=trace,
        task_version=task_version,
        partition=partition,
        idempotency_key=idempotency_key,
        unique_key=unique_key,
        wakes=wakes,
        cancel_requested=cancel,
        reason=reason,
        error=None if error is None else decode_error(error),
        progress=None if progress is None else decode_progress(progress),
        result=result,
        result_codec=result_codec,
    )
