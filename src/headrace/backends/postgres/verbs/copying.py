"""New jobs in the binary format of PostgreSQL's COPY, the quickest way in.

All but the id and the payload is the same in most rows of a batch, so that it is encoded once and not, as a driver
does, field by field. The format: the manual's page of COPY, "Binary Format"; a field is what the type's receive
function reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.job import JobState, NewJob, PlainKind

COLUMNS = (
    "id", "payload", "task", "queue", "priority", "max_attempts", "codec", "task_version", "enqueued_at", "state",
    "run_at", "wake_at", "expires_at", "timeout", "idempotency_key", "trace", "tags", "meta", "partition",
)  # fmt: skip

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # the signature, no flags, no extension
_END = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_LENGTH = Struct("!i").pack
_INT2 = Struct("!ih").pack
_INT4 = Struct("!ii").pack
_INT8 = Struct("!iq").pack
_INTERVAL = Struct("!iqii").pack
_ROW_AND_ID = Struct("!hi").pack(len(COLUMNS), 16)


def copy_data(jobs: Sequence[NewJob], now: datetime, tally: Tally) -> tuple[bytes, list[JobState]]:
    """The rows of the jobs, and the states they begin in; notes in ``tally`` where they come to."""
    plain: dict[PlainKind, bytes] = {}
    parts, places, states = [_BEGIN], [], []
    for job in jobs:
        kind = job.plain_kind
        if kind is not None:
            state = JobState.QUEUED
            rest = plain.get(kind)
            if rest is None:
                rest = plain[kind] = _rest(job, now, now, state)
        else:
            due = due_at(job, now)
            state = JobState.QUEUED if due <= now else JobState.SCHEDULED
            rest = _rest(job, now, due, state)
        states.append(state)
        places.append((job.queue, state))
        payload = job.payload
        parts += (_ROW_AND_ID, bytes.fromhex(job.id.replace("-", "")), _LENGTH(len(payload)), payload, rest)
    for (queue, state), count in Counter(places).items():
        tally.move(queue, None, state, count)
        tally.happened(queue, "enqueued", count)
    parts.append(_END)
    return b"".join(parts), states


def due_at(job: NewJob, now: datetime) -> datetime:
    """When the job may run."""
    return now + job.delay if job.delay is not None else job.run_at or now


def _rest(job: NewJob, now: datetime, due: datetime, state: JobState) -> bytes:
    """All fields but the id and the payload."""
    expires = job.expires_at if job.expires_in is None else now + job.expires_in
    return b"".join(
        (
            _text(job.task),
            _text(job.queue),
            _INT2(2, job.priority),
            _INT4(4, job.max_attempts),
            _text(job.codec),
            _INT4(4, job.task_version),
            _instant(now),
            _text(state),
            _instant(due),
            _instant(due if state is JobState.SCHEDULED else None),
            _instant(expires),
            _NULL if job.timeout is None else _INTERVAL(16, job.timeout // _MICROSECOND, 0, 0),
            _text(job.idempotency_key),
            _text(job.trace),
            _document(job.tags),
            _document(job.meta),
            _text(job.partition),
        )
    )


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    data = text.encode()
    return _LENGTH(len(data)) + data


def _instant(instant: datetime | None) -> bytes:
    return _NULL if instant is None else _INT8(8, (instant - _EPOCH) // _MICROSECOND)


def _document(value: object) -> bytes:
    """A value as jsonb, whose first byte is the version of the format."""
    if not value:
        return _NULL
    data = b"\1" + as_json(value).encode()
    return _LENGTH(len(data)) + data
