"""A job: one stored request to run a task with a payload, its states, and the attempts to run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import force_setattr, replace

from headrace.model.fingerprint import fingerprint
from headrace.model.ids import JobId

PRIORITY_MIN = 0
PRIORITY_MAX = 9
PRIORITY_DEFAULT = 5
"""Higher runs first; nine levels are enough to order work and few enough to keep an index narrow."""

PriorityWord = Literal["low", "normal", "medium", "high", "critical"]
PRIORITY_WORDS: dict[PriorityWord, int] = {"low": 1, "normal": 5, "medium": 5, "high": 7, "critical": 9}
"""Words for those who come from systems with three or four levels."""

IDEMPOTENCY_WINDOW_DEFAULT = timedelta(hours=24)
MAX_ATTEMPTS_DEFAULT = 5
QUEUE_DEFAULT = "default"

SCHEDULE_META = "headrace.schedule"
OCCURRENCE_META = "headrace.occurrence"
"""Where a scheduled job's ``meta`` says which schedule it is of, and for which planned instant (RFC 3339)."""


class JobState(StrEnum):
    """Where a job is. ``docs/explanation/architecture.md`` draws who moves it."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DEAD = "dead"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        """True for a state that a job does not leave by itself."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.DEAD, JobState.CANCELLED, JobState.EXPIRED})
PENDING_STATES = frozenset({JobState.SCHEDULED, JobState.QUEUED, JobState.WAITING})
RETRIABLE_STATES = frozenset({JobState.DEAD, JobState.CANCELLED, JobState.EXPIRED})
LIVE_STATES = frozenset({*PENDING_STATES, JobState.RUNNING})
REPLACEABLE_STATES = frozenset({JobState.SCHEDULED, JobState.QUEUED})
"""Where a newer enqueue can take a job's place: its handler is not under way, nor parked half way."""


class AttemptOutcome(StrEnum):
    """How an attempt ended. ``LOST`` means that its lease ran out: the worker died or could not be heard."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    LOST = "lost"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"


class ErrorInfo(Struct, frozen=True, kw_only=True, gc=False):
    """An exception as it is stored: its type's name, its text, and the formatted traceback (may be empty).

    ``fingerprint`` is the same for errors that differ in ids and numbers alone; where none is given, it is made from
    the type and the message. See :mod:`headrace.model.fingerprint`.
    """

    type: str
    message: str
    traceback: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if not self.fingerprint:
            force_setattr(self, "fingerprint", fingerprint(self.type, self.message))


class Progress(Struct, frozen=True, kw_only=True, gc=False):
    """How far a running job says it is: ``done`` of ``total`` (None when unknown), with a note."""

    done: float
    total: float | None = None
    note: str = ""


class LogLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line a handler logged through its context, with the attempt that wrote it."""

    at: datetime
    level: str
    message: str
    attempt: int


OnConflict = Literal["return", "drop", "replace"]
"""What an enqueue does while its unique key is taken; :class:`~headrace.model.unique.Unique` explains each."""


class UniqueKey(Struct, frozen=True, kw_only=True, gc=False):
    """A policy of uniqueness as a store is given it: the key is made, the states are sorted.

    ``push_max`` bounds replacements: however often a job is replaced, it runs no later than this long after it was
    first enqueued.
    """

    key: str
    states: tuple[JobState, ...] = tuple(sorted(LIVE_STATES))
    period: timedelta | None = None
    on_conflict: OnConflict = "return"
    push_max: timedelta | None = None

    def taken_by(self, state: JobState, enqueued_at: datetime, now: datetime) -> bool:
        """Whether a job that carries the key, in this state, takes it now."""
        return state in self.states and (self.period is None or enqueued_at > now - self.period)


class PlainKind(NamedTuple):
    """What tells kinds of plain new jobs apart: those to run at once, without keys, tags or limits of time."""

    task: str
    queue: str
    priority: int
    max_attempts: int
    codec: str
    task_version: int


_NOTHING_RARE = (None,) * 9


class NewJob(Struct, frozen=True, kw_only=True, gc=False):
    """What a caller hands to ``JobStore.enqueue_many``.

    Give at most one of ``run_at`` and ``delay``, and at most one of ``expires_at`` and ``expires_in``: the relative
    forms are counted by the store's clock, so that a caller with a wrong clock cannot shift them. Both of a pair
    is an error of the caller that :mod:`headrace.tasks` reports. ``partition`` is the key by which a queue tells jobs
    apart: for limits by key, for fairness, and for order. ``id_is_new`` says that the id was made for this one call, so
    that no job can have it yet: a store need not look for it among those that ended.
    """

    id: JobId
    task: str
    payload: bytes
    codec: str = "json"
    queue: str = QUEUE_DEFAULT
    priority: int = PRIORITY_DEFAULT
    run_at: datetime | None = None
    delay: timedelta | None = None
    expires_at: datetime | None = None
    expires_in: timedelta | None = None
    max_attempts: int = MAX_ATTEMPTS_DEFAULT
    timeout: timedelta | None = None
    idempotency_key: str | None = None
    idempotency_window: timedelta = IDEMPOTENCY_WINDOW_DEFAULT
    unique: UniqueKey | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = {}
    trace: str | None = None
    task_version: int = 1
    partition: str | None = None
    id_is_new: bool = False

    @property
    def expires(self) -> bool:
        """Whether it ends as ``expired`` if it is not started in time."""
        return self.expires_at is not None or self.expires_in is not None

    @property
    def plain_kind(self) -> PlainKind | None:
        """What it shares with others of which only the id and the payload differ; None where it has more than most.

        For stores, which write such jobs in bulk: most are of few kinds.

        >>> NewJob(id=JobId("j"), task="greet", payload=b"{}").plain_kind
        PlainKind(task='greet', queue='default', priority=5, max_attempts=5, codec='json', task_version=1)
        """
        rare = (
            self.run_at, self.delay, self.expires_at, self.expires_in, self.timeout, self.idempotency_key, self.unique,
            self.trace, self.partition,
        )  # fmt: skip
        if self.tags or self.meta or rare != _NOTHING_RARE:
            return None
        return PlainKind(self.task, self.queue, self.priority, self.max_attempts, self.codec, self.task_version)


def kind_in_common(jobs: Sequence[NewJob]) -> PlainKind | None:
    """The kind of jobs that differ in nothing but ids and payloads; None where they differ, or have more than most.

    >>> kind_in_common([NewJob(id=JobId(each), task="greet", payload=b"{}") for each in "ab"]).task
    'greet'
    """
    first = jobs[0]
    kind = first.plain_kind
    if kind is None or len(jobs) == 1:
        return kind
    own = {"id": first.id, "payload": first.payload, "id_is_new": first.id_is_new}
    return kind if all(replace(job, **own) == first for job in jobs) else None


class Job(Struct, frozen=True, kw_only=True, gc=False):
    """A job as the store holds it. Instants are aware UTC datetimes of the store's clock.

    ``attempt`` counts the attempts begun and not given back; it is what ``max_attempts`` limits. ``claims`` counts
    every claim there ever was and only grows. ``error`` is the last one; ``reason`` tells why a job was cancelled
    or discarded. ``result`` is filled by ``JobReader.get_many`` alone and is None in lists.
    """

    id: JobId
    task: str
    payload: bytes
    codec: str
    queue: str
    priority: int
    state: JobState
    attempt: int
    max_attempts: int
    claims: int
    enqueued_at: datetime
    run_at: datetime
    timeout: timedelta | None = None
    expires_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    worker: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, Any] = {}
    trace: str | None = None
    task_version: int = 1
    partition: str | None = None
    idempotency_key: str | None = None
    unique_key: str | None = None
    wakes: int = 0
    cancel_requested: bool = False
    reason: str | None = None
    error: ErrorInfo | None = None
    progress: Progress | None = None
    result: bytes | None = None
    result_codec: str | None = None


class Attempt(Struct, frozen=True, kw_only=True, gc=False):
    """One execution of a job, counted when it was claimed; attempts that were given back are not kept.

    ``cpu_s`` and ``peak_rss_bytes`` are None where they could not be told: :class:`~headrace.model.usage.Usage` says
    when that is.
    """

    number: int
    outcome: AttemptOutcome
    worker: str
    started_at: datetime
    finished_at: datetime
    error: ErrorInfo | None = None
    cpu_s: float | None = None
    peak_rss_bytes: int | None = None
