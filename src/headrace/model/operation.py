"""A change to many jobs, as a record that outlives the process that began it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from headrace.errors import ConfigError
from headrace.model.ids import JobId, new_job_id
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, JobState
from headrace.model.standing import Standing

OperationId = NewType("OperationId", str)

RATE_MAX = 100_000.0
"""Jobs a second; more than any store changes."""

_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600}


class OperationVerb(StrEnum):
    """What is done to each job. ``undo`` takes back what another operation did."""

    RETRY = "retry"
    CANCEL = "cancel"
    DELETE = "delete"
    DISCARD = "discard"
    EDIT = "edit"
    UNDO = "undo"


APPLIES_TO: dict[OperationVerb, frozenset[JobState]] = {
    OperationVerb.RETRY: RETRIABLE_STATES,
    OperationVerb.CANCEL: PENDING_STATES | {JobState.RUNNING},
    OperationVerb.DELETE: frozenset(JobState) - {JobState.RUNNING},
    OperationVerb.DISCARD: frozenset({JobState.DEAD}),
    OperationVerb.EDIT: frozenset(JobState) - {JobState.RUNNING, JobState.SUCCEEDED},
}
"""In which states a verb changes a job; of the others it is counted as skipped."""


class OperationState(StrEnum):
    """``running`` is somebody's to carry out; ``paused`` waits for a person; the others are final."""

    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    DONE = "done"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """True for a state that an operation does not leave."""
        return self not in (OperationState.RUNNING, OperationState.PAUSED)


class JobChanges(Struct, frozen=True, kw_only=True):
    """New values for every job of an operation; UNSET fields stay as they are."""

    queue: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    run_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    max_attempts: int | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET

    def __bool__(self) -> bool:
        """Whether anything is to be changed."""
        return any(getattr(self, name) is not UNSET for name in self.__struct_fields__)


class Operation(Struct, frozen=True, kw_only=True):
    """One change to all jobs that match ``where`` as of ``as_of``: jobs that moved later are not in it.

    ``matched`` jobs have been looked at so far, ``changed`` of them were changed, and ``skipped`` counts the others by
    the state in which the verb did not apply (``gone`` for those that were deleted meanwhile). ``rate`` is in jobs a
    second, None for as fast as it goes; ``next_at`` is when it allows the next step. When the process that carries it
    out dies, the counts may lack its last step.

    ``undoes`` names the operation that is taken back by this one, which has no search of its own: ``where`` is then a
    search for the jobs that the other changed.
    """

    id: OperationId
    verb: OperationVerb
    where: str
    as_of: datetime
    author: str
    reason: str
    created_at: datetime
    updated_at: datetime
    changes: JobChanges = JobChanges()
    rate: float | None = None
    state: OperationState = OperationState.RUNNING
    cursor: str | None = None
    matched: int = 0
    changed: int = 0
    skipped: dict[str, int] = {}
    next_at: datetime | None = None
    error: str | None = None
    undoes: OperationId | None = None

    @property
    def why(self) -> str:
        """The reason that jobs are given which it cancels or discards."""
        return self.reason or f"by {self.author}, in operation {self.id}"


class OperationItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job that an operation looked at. ``left_alone`` says why it was not changed, and is empty for one that was.

    ``before`` is where it stood when the operation found it; None in an undo, which cannot be undone itself.
    """

    job_id: JobId
    before: Standing | None = None
    left_alone: str = ""

    @property
    def changed(self) -> bool:
        """Whether the operation changed it."""
        return not self.left_alone


def left_by(operation: Operation, before: Standing) -> Standing:
    """Where the operation leaves a job that stood so before. The instant of the change itself is UNSET."""
    pending = before.state in PENDING_STATES
    match operation.verb:
        case OperationVerb.CANCEL if not pending:
            return replace(before, cancel_requested=True, reason=operation.why)
        case OperationVerb.CANCEL | OperationVerb.DISCARD:
            return replace(before, state=JobState.CANCELLED, reason=operation.why, finished_at=UNSET)
        case OperationVerb.RETRY:
            before = replace(before, state=JobState.QUEUED, attempt=0, run_at=UNSET, expires_at=None,
                             finished_at=None, reason=None, cancel_requested=False)  # fmt: skip
    given = {name: value for name, value in asdict(operation.changes).items() if value is not UNSET}
    return replace(before, **given)


class Preview(Struct, frozen=True, kw_only=True):
    """What an operation would look at: how many jobs, by state, queue and task.

    ``complete`` False means that there are more: counting ended at PREVIEW_MAX jobs or at the end of its patience.
    """

    matched: int
    complete: bool
    states: dict[str, int]
    queues: dict[str, int]
    tasks: dict[str, int]


def new_operation_id() -> OperationId:
    """A new id; ids sort by when they were made."""
    return OperationId(f"op-{new_job_id()}")


def parse_rate(text: str) -> float:
    """Jobs a second, from ``20/s``, ``600/m`` or ``100/h``. Raises ConfigError.

    >>> parse_rate("20/s"), parse_rate("90/m")
    (20.0, 1.5)
    """
    found = _RATE.fullmatch(text.strip())
    rate = float(found.group(1)) / _SECONDS[found.group(2)] if found else 0.0
    return check_rate(rate, text)


def check_rate(rate: float, given: object = None) -> float:
    """The rate, if it is one. Raises ConfigError."""
    if not 0 < rate <= RATE_MAX:
        message = f"{rate if given is None else given!r} is no rate. Write jobs in a time, such as 20/s, 600/m or 100/h"
        raise ConfigError(message)
    return rate


def seconds_for(count: int, rate: float | None) -> timedelta:
    """How long ``count`` jobs take at that rate.

    >>> seconds_for(10, 20.0)
    datetime.timedelta(microseconds=500000)
    """
    return timedelta(0) if rate is None else timedelta(seconds=count / rate)
