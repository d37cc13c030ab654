"""What can be searched by: the fields of a job, and what kind of value each holds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from headrace.model.job import FINAL_STATES, PENDING_STATES, JobState


class Kind(Enum):
    """What a field holds, which decides how its values are written and compared."""

    STATE = "state"
    TEXT = "text"
    WORDS = "words"
    NUMBER = "number"
    TIME = "time"
    DURATION = "duration"
    SIZE = "size"
    JSON = "json"


class Field(NamedTuple):
    """A field: the kind of its values, what it is, and an example."""

    kind: Kind
    about: str
    example: str


FIELDS = {
    "id": Field(Kind.TEXT, "the job's id", "id:019a0b0c*"),
    "state": Field(Kind.STATE, "the job's state, or a word for several", "state:dead,expired"),
    "queue": Field(Kind.TEXT, "the queue", "queue:mail"),
    "task": Field(Kind.TEXT, "the task", "task:mail.*"),
    "tag": Field(Kind.TEXT, "any of the tags", "-tag:test"),
    "worker": Field(Kind.TEXT, "the worker that claimed it last", "worker:w-3*"),
    "key": Field(Kind.TEXT, "the idempotency key", "key:order-7"),
    "unique": Field(Kind.TEXT, "the unique key", "unique:welcome:7"),
    "version": Field(Kind.NUMBER, "the version of the task it was enqueued for", "version:<2"),
    "priority": Field(Kind.NUMBER, "the priority, 0 to 9", "priority:>=7"),
    "attempt": Field(Kind.NUMBER, "attempts begun", "attempt:3.."),
    "error": Field(Kind.WORDS, "the last error, as type and message", 'error:"connection refused"'),
    "fingerprint": Field(Kind.TEXT, "the fingerprint of the last error", "fingerprint:9f2b6a01c3d4"),
    "reason": Field(Kind.WORDS, "why it was cancelled or discarded", "reason:customer"),
    "enqueued": Field(Kind.TIME, "when it was enqueued", "enqueued:2025-01-31"),
    "due": Field(Kind.TIME, "when it may run, or may have run", "due:<+1h"),
    "started": Field(Kind.TIME, "when it was claimed last", "started:>=10m"),
    "finished": Field(Kind.TIME, "when it ended", "finished:2h..1h"),
    "expires": Field(Kind.TIME, "when it expires if it has not begun", "expires:<+5m"),
    "wait": Field(Kind.DURATION, "how long it waited, or waits, once it could run", "wait:>5m"),
    "run": Field(Kind.DURATION, "how long its last attempt ran, or runs", "run:1m..5m"),
    "size": Field(Kind.SIZE, "the bytes of the arguments, as they are stored", "size:>100KiB"),
    "args": Field(Kind.JSON, "a value in the arguments, where they are JSON", "args.user.id:42"),
    "meta": Field(Kind.JSON, "a value in the metadata", "meta.source:cli"),
}

SHORTHANDS = {
    "since": Field(Kind.TIME, "enqueued at that time or later", "since:2h"),
    "until": Field(Kind.TIME, "enqueued before that time", "until:2025-01-31T09:00:00Z"),
}
"""Other words for ``enqueued``; a query does not keep them."""

STATE_WORDS: dict[str, frozenset[JobState]] = {
    **{state.value: frozenset({state}) for state in JobState},
    "pending": PENDING_STATES,
    "unfinished": PENDING_STATES | {JobState.RUNNING},
    "ended": FINAL_STATES,
    "failed": frozenset({JobState.DEAD, JobState.EXPIRED}),
}
"""States, and words for several: ``pending`` has not begun, ``failed`` will not succeed without a person."""

PENDING_CODES = (
    "scheduled",
    "scheduled.retry",
    "scheduled.not_known",
    "scheduled.due",
    "waiting",
    "queued.expired",
    "queued.paused",
    "queued.no_worker",
    "queued.unknown_task",
    "queued.newer_version",
    "queued.limit",
    "queued.rate",
    "queued.order",
    "queued.behind",
    "queued.next",
)
"""The codes of :class:`~headrace.model.explanation.Explanation` for jobs that have not begun."""

WHY_WORDS: dict[str, frozenset[str]] = {
    **{code.rpartition(".")[2]: frozenset({code}) for code in PENDING_CODES},
    "limit": frozenset({"queued.limit", "queued.rate"}),
}
"""What ``why:`` takes: the last word of a code. A rate is a limit as well."""

ASKED = {
    "why": Field(Kind.TEXT, "why it is not running, by the reason that explain gives", "why:paused"),
    "caused-by": Field(Kind.TEXT, "changed by that operation, of the last week", "caused-by:op-019a0b0c-0d0e-7123"),
}
"""What no job holds: lists find it out by asking more than the jobs. See :mod:`headrace.model.search.asked`."""


def kind_of(field: str) -> Kind:
    """The kind of a field's values."""
    return (FIELDS.get(field) or ASKED[field]).kind
