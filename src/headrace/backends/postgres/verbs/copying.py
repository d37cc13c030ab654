"""New jobs in the binary format of PostgreSQL's COPY, the quickest way in.

All but the id and the payload is the same in most rows of a batch, so that it is encoded once and not, as a driver
does, field by field. The format: the manual's page of COPY, "Binary Format"; a field is what the type's receive
function reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from struct import Struct
from typing import NamedTuple

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.job import JobState, NewJob, PlainKind, kind_in_common

_OF_ALL = (
    "id", "payload", "task", "queue", "priority", "max_attempts", "codec", "task_version", "enqueued_at", "state",
    "run_at",
)  # fmt: skip
_OF_SOME = ("wake_at", "expires_at", "timeout", "idempotency_key", "trace", "tags", "meta", "partition")

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
_ROW_AND_ID = Struct("!hi").pack
_ID_BYTES = 16


class Copy(NamedTuple):
    """What COPY is given: the columns, and the rows. And the states in which the jobs begin, and where some expire."""

    columns: Sequence[str]
    data: bytes
    states: list[JobState]
    expiring: frozenset[str] = frozenset()


def copy_of(jobs: Sequence[NewJob], now: datetime, tally: Tally) -> Copy:
    """The rows of new jobs; notes in ``tally`` where they come to."""
    kind = kind_in_common(jobs)
    copy = _of_different(jobs, now) if kind is None else _of_alike(jobs, now)
    for (queue, state), count in Counter(zip([job.queue for job in jobs], copy.states, strict=True)).items():
        tally.move(queue, None, state, count)
        tally.happened(queue, "enqueued", count)
    return copy


def _of_alike(jobs: Sequence[NewJob], now: datetime) -> Copy:
    state = JobState.QUEUED
    rows = _rows(jobs, _OF_ALL, repeat(_rest(jobs[0], now, now, state), len(jobs)))
    return Copy(_OF_ALL, rows, [state] * len(jobs))


def _of_different(jobs: Sequence[NewJob], now: datetime) -> Copy:
    columns = (*_OF_ALL, *_OF_SOME)
    plain: dict[PlainKind, bytes] = {}
    expiring: set[str] = set()
    rests, states = [], []
    for job in jobs:
        due = due_at(job, now)
        state = JobState.QUEUED if due <= now else JobState.SCHEDULED
        kind = job.plain_kind
        rest = None if kind is None else plain.get(kind)
        if rest is None:
            rest = _rest(job, now, due, state) + _rare(job, now, due, state)
            if kind is not None:
                plain[kind] = rest
            elif job.expires:
                expiring.add(job.queue)
        states.append(state)
        rests.append(rest)
    return Copy(columns, _rows(jobs, columns, rests), states, frozenset(expiring))


def _rows(jobs: Sequence[NewJob], columns: Sequence[str], rests: Iterable[bytes]) -> bytes:
    head = _ROW_AND_ID(len(columns), _ID_BYTES)
    ids = bytes.fromhex("".join([job.id for job in jobs]).replace("-", ""))
    places = range(0, len(ids), _ID_BYTES)
    rows = [
        b"%b%b%b%b%b" % (head, ids[at : at + _ID_BYTES], _LENGTH(len(job.payload)), job.payload, rest)
        for job, at, rest in zip(jobs, places, rests, strict=True)
    ]
    return b"".join((_BEGIN, *rows, _END))


def due_at(job: NewJob, now: datetime) -> datetime:
    """When the job may run."""
    return now + job.delay if job.delay is not None else job.run_at or now


def _rest(job: NewJob, now: datetime, due: datetime, state: JobState) -> bytes:
    """The fields that every job has, but the id and the payload."""
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
        )
    )


def _rare(job: NewJob, now: datetime, due: datetime, state: JobState) -> bytes:
    """The fields that most lack."""
    expires = job.expires_at if job.expires_in is None else now + job.expires_in
    return b"".join(
        (
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
