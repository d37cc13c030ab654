"""Jobs: submitting, reading and changing them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from headrace.model import reasons
from headrace.model.job import (
    PRIORITY_DEFAULT,
    PRIORITY_MAX,
    PRIORITY_MIN,
    AttemptOutcome,
    JobState,
    OnConflict,
    PriorityWord,
    Progress,
)
from headrace.model.page import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX
from headrace.wire.base import Duration, Name, Reply, Request, Text

Arguments = dict[str, Any] | list[Any]
JobIdText = Annotated[str, Meta(min_length=1, max_length=64, description="The id of a job, a UUID.")]
Priority = Annotated[int, Meta(ge=PRIORITY_MIN, le=PRIORITY_MAX, description="Higher runs first.")]
Limit = Annotated[int, Meta(ge=1, le=PAGE_LIMIT_MAX, description="The size of a page.")]
Attempts = Annotated[int, Meta(ge=1, le=1_000_000)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=128)]], Meta(max_length=20)]


class UniqueRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs are the same work, and what becomes of a newcomer: the options of ``headrace.Unique``."""

    key: str | None = None
    by: list[str] | None = None
    states: list[JobState] | UnsetType = UNSET
    period: Duration | None = None
    on_conflict: OnConflict = "return"


class SubmitJob(Request, frozen=True, kw_only=True):
    """A job to run: the name of its task, its arguments, and the options that the library has.

    What is left out is as the task says. ``args`` is an object, by name, or an array, by position. ``version`` is that
    of the task for which they are written, where it is not the newest; they are given by name then.
    """

    task: Name
    args: Arguments = field(default_factory=dict)
    version: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    priority: Priority | PriorityWord | UnsetType = UNSET
    run_at: datetime | UnsetType | None = UNSET
    delay: Duration | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    expires_in: Duration | UnsetType | None = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    timeout: Duration | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET
    idempotency_key: str | UnsetType | None = UNSET
    idempotency_window: Duration | UnsetType = UNSET
    unique: bool | str | UniqueRule | UnsetType | None = UNSET
    debounce: Duration | UnsetType | None = UNSET
    debounce_max: Duration | UnsetType | None = UNSET
    throttle: Duration | UnsetType | None = UNSET
    partition: str | UnsetType | None = UNSET
    job_id: str | UnsetType | None = UNSET


class SubmittedJob(Reply, frozen=True, kw_only=True):
    """What became of a submitted job. With a flag set no job was added, and ``id`` is that of the job that was there.

    ``duplicate``: the idempotency or unique key, or the id, was there. ``dropped`` and ``replaced``: the unique key is
    taken, and its policy has dropped the newcomer, or given its arguments to the job that was there. ``deprecated`` is
    there where the ``version`` that was asked for should not be used any more, and says why; ``sunset`` is the last day
    on which such jobs will be read.
    """

    id: str
    task: str
    duplicate: bool = False
    dropped: bool = False
    replaced: bool = False
    deprecated: str | UnsetType = UNSET
    deprecated_at: datetime | UnsetType = UNSET
    sunset: date | UnsetType = UNSET


class SubmitJobs(Request, frozen=True, kw_only=True):
    """Many jobs, stored together or not at all."""

    jobs: Annotated[list[SubmitJob], Meta(min_length=1, max_length=1_000)]


class SubmittedJobs(Reply, frozen=True, kw_only=True):
    """What became of each; answer *i* is for job *i*."""

    jobs: list[SubmittedJob]


class GetJob(Request, frozen=True, kw_only=True):
    """Which job."""

    id: JobIdText


class ListJobs(Request, frozen=True, kw_only=True):
    """Which jobs to list, newest first; ``query`` is a search such as ``state:dead task:mail.* since:2h``."""

    query: Annotated[str, Meta(max_length=4_000)] = ""
    cursor: Annotated[str, Meta(max_length=1_000)] | None = None
    limit: Limit = PAGE_LIMIT_DEFAULT


class CancelJob(Request, frozen=True, kw_only=True):
    """Which job to cancel, and why."""

    id: JobIdText
    reason: Text = reasons.CANCELLED


class JobError(Reply, frozen=True, kw_only=True):
    """How an attempt failed. ``fingerprint`` is the same for errors that differ in ids and numbers alone."""

    type: str
    message: str
    fingerprint: str = ""
    traceback: str = ""


class GetResult(Request, frozen=True, kw_only=True):
    """Which job's result, and how long to wait for it at most."""

    id: JobIdText
    wait: Duration | None = None


class JobResult(Reply, frozen=True, kw_only=True):
    """How a job has ended, or ``ended`` False. ``result`` is what its handler returned, where it has succeeded."""

    id: str
    state: JobState
    ended: bool
    result: Any = None
    error: JobError | None = None
    reason: str | None = None


class EditJob(Request, frozen=True, kw_only=True):
    """New values for a job that is not running and has not succeeded; what is left out stays.

    ``args`` are all arguments anew, by name. ``if_match`` is the ETag that the job must still have.
    """

    id: JobIdText
    args: dict[str, Any] | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    run_at: datetime | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    if_match: Text | None = None


class RetryJob(EditJob, frozen=True, kw_only=True):
    """Which job to run again, with new values where some are given."""


class DiscardJob(Request, frozen=True, kw_only=True):
    """Which dead job to give up, and why."""

    id: JobIdText
    reason: Text = reasons.DISCARDED


class ChangedJob(Reply, frozen=True, kw_only=True):
    """What became of a change. ``changed`` False: the job's state does not allow it, and nothing was done.

    ``conflict`` is the id of the job that holds the unique key, where that is why.
    """

    id: str
    state: JobState | None
    changed: bool
    conflict: str | None = None


class JobSummary(Reply, frozen=True, kw_only=True):
    """A job in a list. Its error is without a traceback there."""

    id: str
    task: str
    queue: str
    state: JobState
    attempt: int
    max_attempts: int
    enqueued_at: datetime
    run_at: datetime
    priority: int = PRIORITY_DEFAULT
    started_at: datetime | None = None
    finished_at: datetime | None = None
    worker: str | None = None
    tags: tuple[str, ...] = ()
    error: JobError | None = None
    reason: str | None = None
    progress: Progress | None = None


class JobDetail(JobSummary, frozen=True, kw_only=True):
    """Everything about a job, but its attempts and log lines. ``etag`` is another once it has changed."""

    args: Any = None
    codec: str = "json"
    result: Any = None
    meta: dict[str, Any] = field(default_factory=dict)
    claims: int = 0
    timeout_s: float | None = None
    expires_at: datetime | None = None
    idempotency_key: str | None = None
    unique_key: str | None = None
    partition: str | None = None
    cancel_requested: bool = False
    task_version: int = 1
    correlation_id: str = ""
    etag: str = ""


class AttemptView(Reply, frozen=True, kw_only=True):
    """An ended attempt.

    ``cpu_s`` is the processor time it used, ``peak_rss_bytes`` the most memory its process held; each is null where its
    executor cannot tell.
    """

    number: int
    outcome: AttemptOutcome
    worker: str
    started_at: datetime
    finished_at: datetime
    error: JobError | None = None
    cpu_s: float | None = None
    peak_rss_bytes: int | None = None
