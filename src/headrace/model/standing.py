"""Where a job stands: what people's changes touch of it, so that a change can be taken back."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from headrace.model.job import PENDING_STATES, Job, JobState


class Standing(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The values of a job that ``cancel``, ``retry``, ``discard`` and ``edit`` change, and how often it was claimed.

    Where it says what a job is expected to be, an instant that is UNSET may be any.
    """

    state: JobState
    claims: int
    queue: str
    priority: int
    attempt: int
    max_attempts: int
    run_at: datetime | UnsetType
    expires_at: datetime | None = None
    finished_at: datetime | UnsetType | None = None
    tags: tuple[str, ...] = ()
    reason: str | None = None
    cancel_requested: bool = False


def standing_of(job: Job) -> Standing:
    """Where the job stands now."""
    return Standing(**{name: getattr(job, name) for name in Standing.__struct_fields__})


def first_difference(expected: Standing, found: Standing) -> str | None:
    """The name of the first field in which a job is not as expected; None where it is.

    The pending states are one here: time alone moves jobs from ``scheduled`` to ``queued``.

    >>> was = Standing(state=JobState.SCHEDULED, claims=0, queue="mail", priority=5, attempt=0, max_attempts=5,
    ...                run_at=UNSET)
    >>> from msgspec.structs import replace
    >>> first_difference(was, replace(was, state=JobState.QUEUED)), first_difference(was, replace(was, priority=9))
    (None, 'priority')
    """
    for name in Standing.__struct_fields__:
        wanted, got = getattr(expected, name), getattr(found, name)
        both_pending = name == "state" and wanted in PENDING_STATES and got in PENDING_STATES
        if wanted is not UNSET and wanted != got and not both_pending:
            return name
    return None


def state_again(before: Standing, found: Standing, now: datetime) -> JobState:
    """The state of a job that is put back to where it stood ``before``.

    Time has not stood still: what was scheduled may be due. A job that waited and was ended is queued, for the wake-ups
    that came meanwhile were not counted, and one too many is harmless where one too few is not.

    >>> from datetime import UTC
    >>> noon = datetime(2025, 1, 31, 12, tzinfo=UTC)
    >>> was = Standing(state=JobState.SCHEDULED, claims=0, queue="mail", priority=5, attempt=0, max_attempts=5,
    ...                run_at=noon)
    >>> state_again(was, was, noon)
    <JobState.QUEUED: 'queued'>
    """
    if before.state not in PENDING_STATES:
        return before.state
    if JobState.WAITING in (before.state, found.state):
        return found.state if found.state in PENDING_STATES else JobState.QUEUED
    later = isinstance(before.run_at, datetime) and before.run_at > now
    return JobState.SCHEDULED if later else JobState.QUEUED
