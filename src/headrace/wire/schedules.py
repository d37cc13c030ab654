"""Schedules: what is enqueued by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from headrace.model import reasons
from headrace.model.cron import Fold, Gap
from headrace.model.job import JobState
from headrace.model.schedule import KeyTaken, Kind, Misfire, Origin, Outcome, Overlap
from headrace.wire.base import Duration, Name, Reply, Request, Text
from headrace.wire.jobs import Arguments, Attempts, Priority, Tags

ScheduleName = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00]*$", description="Its name.")]
Count = Annotated[int, Meta(ge=1, le=1_000)]


class ScheduleNamed(Request, frozen=True, kw_only=True):
    """Which schedule."""

    name: ScheduleName


class _Rule(ScheduleNamed, frozen=True, kw_only=True):
    """When it is due, by one of three: ``cron`` (an expression, or simple English), ``every``, or once ``at``."""

    cron: Annotated[str, Meta(max_length=300)] | UnsetType = UNSET
    every: Duration | UnsetType = UNSET
    at: datetime | UnsetType = UNSET
    timezone: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    gap: Gap | UnsetType = UNSET
    fold: Fold | UnsetType = UNSET
    anchor: datetime | UnsetType | None = UNSET
    overlap: Overlap | UnsetType = UNSET
    misfire: Misfire | UnsetType = UNSET
    misfire_after: Duration | UnsetType = UNSET
    misfire_limit: Annotated[int, Meta(ge=1, le=1_000)] | UnsetType = UNSET
    jitter: Duration | UnsetType = UNSET


class CreateSchedule(_Rule, frozen=True, kw_only=True):
    """A schedule: when, which task with which arguments, and options of its jobs.

    ``cron`` is an expression or simple English (``every weekday at 9:00``), ``every`` an interval, ``at`` one instant.
    """

    task: Name
    args: Arguments = field(default_factory=dict)
    queue: str | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    timeout: Duration | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET


class UpdateSchedule(_Rule, frozen=True, kw_only=True):
    """What is to change of a schedule; the rest stays. ``args`` and the options below it go with a ``task``."""

    task: Name | UnsetType = UNSET
    args: Arguments | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    timeout: Duration | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET


class PauseSchedule(ScheduleNamed, frozen=True, kw_only=True):
    """Which schedule to pause, and why."""

    reason: Text = ""


class ResumeSchedule(ScheduleNamed, frozen=True, kw_only=True):
    """Which schedule to let fire again; ``skip_missed`` forgets what was missed meanwhile."""

    skip_missed: bool = False


class SkipNext(ScheduleNamed, frozen=True, kw_only=True):
    """Whose next occurrence to leave out, and why."""

    reason: Text = reasons.SKIPPED


class NextOccurrences(ScheduleNamed, frozen=True, kw_only=True):
    """Whose occurrences, and how many: those from ``start`` on, included, also of the past; without it those ahead."""

    count: Count = 5
    start: datetime | None = None


class GetHistory(ScheduleNamed, frozen=True, kw_only=True):
    """Whose past, and how much of it."""

    limit: Count = 50


class Backfill(ScheduleNamed, frozen=True, kw_only=True):
    """Which occurrences of the past to run: from ``start``, included, to ``end``, not included."""

    start: datetime
    end: datetime
    dry_run: bool = False


class Occurrence(Reply, frozen=True, kw_only=True):
    """An occurrence that lies ahead, also by the schedule's own clock, and what is remarkable about it."""

    at: datetime
    local: str
    remark: str | None = None


class FiringView(Reply, frozen=True, kw_only=True):
    """What became of an occurrence. ``count`` above 1: it stands for that many that were missed.

    ``key_taken`` is null unless another job, then ``job_id``, held its unique key: the occurrence was ``dropped``, has
    ``joined`` that job, or has ``replaced`` what it was to do.
    """

    planned: datetime
    outcome: Outcome
    kind: Kind
    fired_at: datetime | None
    delay_s: float | None
    job_id: str | None
    key_taken: KeyTaken | None
    job_state: JobState | None
    reason: str | None
    count: int


class ScheduleView(Reply, frozen=True, kw_only=True):
    """A schedule. Of ``cron``, ``every_s`` and ``at`` one is not null; ``when`` says it for people."""

    name: str
    when: str
    kind: Literal["cron", "every", "at"]
    cron: str | None
    timezone: str | None
    every_s: float | None
    at: datetime | None
    task: str
    args: Any
    queue: str
    overlap: Overlap
    misfire: Misfire
    misfire_after_s: float
    misfire_limit: int
    jitter_s: float
    origin: Origin
    paused: bool
    pause_reason: str | None
    created_at: datetime
    next_at: datetime | None


class Triggered(Reply, frozen=True, kw_only=True):
    """The job that was enqueued."""

    job_id: str


class Instants(Reply, frozen=True, kw_only=True):
    """Occurrences, by their planned instants."""

    instants: list[datetime]
