"""What queries answer, decoded in one go: rows cross from SQLite as one JSON array, and msgspec makes these of it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from headrace.backends.sqlite.times import from_us, maybe_from_us
from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, Job, JobState, Progress

_NONE_OF_SIX = (None,) * 6


class ClaimedRow(Struct, array_like=True, gc=False):
    """A job about to be claimed; the order of fields is that of ``sql/select_queued.sql``."""

    seq: int
    id: str
    task: str
    queue: str
    priority: int
    attempt: int
    max_attempts: int
    claims: int
    wakes: int
    enqueued_at: int
    run_at: int
    timeout: int | None
    expires_at: int | None
    codec: str
    payload_text: str | None
    payload_hex: str | None
    task_version: int
    idempotency_key: str | None
    unique_key: str | None
    trace: str | None
    tags: tuple[str, ...] | None
    meta: dict[str, Any] | None
    reason: str | None
    partition: str | None

    @property
    def has_more(self) -> bool:
        """Whether the job has anything that most lack. One that was claimed before may have an error."""
        if self.claims or self.wakes or self.tags or self.meta:
            return True
        rare = (self.timeout, self.expires_at, self.idempotency_key, self.unique_key, self.trace, self.reason)
        return self.partition is not None or rare != _NONE_OF_SIX

    def payload(self) -> bytes:
        """The payload as it was enqueued."""
        return self.payload_text.encode() if self.payload_text is not None else bytes.fromhex(self.payload_hex or "")


class HeldRow(Struct, array_like=True, gc=False):
    """A running job under a current lease; the order of fields is that of ``sql/select_held.sql``."""

    index: int
    seq: int
    id: str
    queue: str
    attempt: int
    max_attempts: int
    claims: int
    wakes: int
    worker: str
    started_at: int
    run_at: int
    cancel_requested: int
    reason: str | None


class JobRow(Struct, array_like=True, gc=False):
    """A whole job; the order of fields is that of ``sql/job_fields.sql``."""

    seq: int
    id: str
    task: str
    queue: str
    priority: int
    state: str
    attempt: int
    max_attempts: int
    claims: int
    wakes: int
    cancel: int
    enqueued_at: int
    run_at: int
    timeout: int | None
    expires_at: int | None
    started_at: int | None
    finished_at: int | None
    worker: str | None
    reason: str | None
    codec: str
    payload_text: str | None
    payload_hex: str | None
    task_version: int
    partition: str | None
    idempotency_key: str | None
    unique_key: str | None
    trace: str | None
    tags: tuple[str, ...] | None
    meta: dict[str, Any] | None
    progress: Progress | None
    error: ErrorInfo | None

    def job(self, *, result: bytes | None = None, result_codec: str | None = None) -> Job:
        """The job as the rest of headrace knows it."""
        payload = self.payload_text.encode() if self.payload_text is not None else bytes.fromhex(self.payload_hex or "")
        return Job(
            id=JobId(self.id),
            task=self.task,
            payload=payload,
            codec=self.codec,
            queue=self.queue,
            priority=self.priority,
            state=JobState(self.state),
            attempt=self.attempt,
            max_attempts=self.max_attempts,
            claims=self.claims,
            enqueued_at=from_us(self.enqueued_at),
            run_at=from_us(self.run_at),
            timeout=None if self.timeout is None else ZERO.resolution * self.timeout,
            expires_at=maybe_from_us(self.expires_at),
            started_at=maybe_from_us(self.started_at),
            finished_at=maybe_from_us(self.finished_at),
            worker=self.worker,
            tags=self.tags or (),
            meta=self.meta or {},
            trace=self.trace,
            task_version=self.task_version,
            partition=self.partition,
            idempotency_key=self.idempotency_key,
            unique_key=self.unique_key,
            wakes=self.wakes,
            cancel_requested=bool(self.cancel),
            reason=self.reason,
            error=self.error,
            progress=self.progress,
            result=result,
            result_codec=result_codec,
        )


decode_claimed = msgspec.json.Decoder(list[ClaimedRow]).decode
decode_held = msgspec.json.Decoder(list[HeldRow]).decode
decode_jobs = msgspec.json.Decoder(list[JobRow]).decode
decode_error = msgspec.json.Decoder(ErrorInfo).decode


def as_json(value: Any) -> str:
    """A value as JSON text, the form in which lists go to SQLite."""
    return msgspec.json.encode(value).decode()
