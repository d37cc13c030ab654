"""A job as a line of a file: what it takes to enqueue it again, here or in another store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs

from headrace.model.ids import JobId, new_job_id
from headrace.model.job import NewJob, UniqueKey
from headrace.model.redaction import for_arguments, redact, redact_view
from headrace.wire.values import decoded

if TYPE_CHECKING:
    from headrace.model.job import Job


_QUOTING = ("tags", "metadata", "idempotency_key", "unique_key", "partition")


class ExportedJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. ``args`` are JSON arguments as they are stored; those of other codecs are ``payload``, in base64.

    ``redacted``: something is left out, so that it can be read and not be imported. ``state`` and ``enqueued_at`` are
    as they were when it was exported.
    """

    id: str
    task: str
    args: msgspec.Raw = msgspec.Raw(b"null")
    payload: bytes | None = None
    codec: str = "json"
    redacted: bool = False
    state: str = ""
    enqueued_at: datetime | None = None
    task_version: int = 1
    queue: str
    priority: int
    run_at: datetime | None = None
    expires_at: datetime | None = None
    max_attempts: int
    timeout_s: float | None = None
    idempotency_key: str | None = None
    unique_key: str | None = None
    partition: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    trace: str | None = None


def exported(job: Job, rules: Sequence[str], *, reveal: bool = False) -> ExportedJob:
    """The line of a job, without what must not be shown unless ``reveal``."""
    secrets: set[str] = set()
    arguments = decoded(job.payload, job.codec)
    shown = redact(arguments, for_arguments(rules), secrets)
    metadata = dict(job.meta) if reveal else redact(dict(job.meta), (), secrets)
    hidden = not reveal and (shown != arguments or metadata != dict(job.meta))
    line = ExportedJob(
        id=job.id,
        task=job.task,
        codec=job.codec,
        redacted=hidden,
        state=job.state.value,
        enqueued_at=job.enqueued_at,
        task_version=job.task_version,
        queue=job.queue,
        priority=job.priority,
        run_at=job.run_at,
        expires_at=job.expires_at,
        max_attempts=job.max_attempts,
        timeout_s=None if job.timeout is None else job.timeout.total_seconds(),
        idempotency_key=job.idempotency_key,
        unique_key=job.unique_key,
        partition=job.partition,
        tags=job.tags,
        metadata=metadata,
        trace=job.trace,
    )
    if hidden:
        told = redact_view({"args": shown, **{name: getattr(line, name) for name in _QUOTING}}, secrets)
        told.update(args=msgspec.Raw(msgspec.json.encode(told["args"])), tags=tuple(told["tags"]))
        return structs.replace(line, **told)
    if job.codec == "json" and (args := _on_a_line(job.payload)) is not None:
        return structs.replace(line, args=args)
    if job.codec not in ("json", "msgpack") and not reveal and rules:
        # Rules are paths into data, and this can be read by the program alone: nobody knows what is in it.
        return structs.replace(line, redacted=True)
    return structs.replace(line, payload=job.payload)


def _on_a_line(payload: bytes) -> msgspec.Raw | None:
    """JSON without line breaks, and otherwise as it was written; None for what is none."""
    try:
        return msgspec.Raw(msgspec.json.format(payload, indent=-1))
    except msgspec.MsgspecError:
        return None


def imported(line: ExportedJob, *, keep_id: bool) -> NewJob:
    """The job to enqueue: as it was enqueued first, with a new id unless ``keep_id``. Its state and history stay away.

    Its keys stay, so that work that a store knows already is not enqueued there a second time.
    """
    payload = line.payload if line.payload is not None else bytes(line.args)
    return NewJob(
        id=JobId(line.id) if keep_id else new_job_id(),
        task=line.task,
        payload=payload,
        codec=line.codec,
        queue=line.queue,
        priority=line.priority,
        run_at=line.run_at,
        expires_at=line.expires_at,
        max_attempts=line.max_attempts,
        timeout=None if line.timeout_s is None else timedelta(seconds=line.timeout_s),
        idempotency_key=line.idempotency_key,
        unique=None if line.unique_key is None else UniqueKey(key=line.unique_key),
        partition=line.partition,
        tags=line.tags,
        meta=line.metadata,
        trace=line.trace,
        task_version=line.task_version,
    )
