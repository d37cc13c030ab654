"""A schedule, its occurrences, and the ledger in which each occurrence has one entry."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, structs

from headrace.model.durations import ZERO
from headrace.model.ids import JobId, format_uuid7
from headrace.model.job import OCCURRENCE_META, SCHEDULE_META, JobState, NewJob
from headrace.model.rules import EPOCH, Rule

MISFIRE_AFTER_DEFAULT = timedelta(minutes=1)
"""Longer than a change of leader takes on every store, and short enough that people call the rest late."""

MISFIRE_LIMIT_DEFAULT = 100
"""Occurrences that ``misfire="all"`` makes good at most: a night of every five minutes."""

KEY_WINDOW = timedelta(days=30)
"""How long the store remembers an occurrence after its job was pruned: longer than any process stays suspended."""

_KEY_MAX = 10**18
_MICROSECOND = timedelta(microseconds=1)


class Overlap(StrEnum):
    """What an occurrence does while the job of an earlier one has not ended."""

    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"
    ALLOW = "allow"


class Misfire(StrEnum):
    """What is done about occurrences that were missed, because no scheduler ran or the schedule was paused."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Origin(StrEnum):
    """Where a schedule comes from: declared in the code of an app, or made at run time."""

    CODE = "code"
    API = "api"


class Outcome(StrEnum):
    """What became of an occurrence. ``firing``: decided, and not known to be enqueued; whoever sees it enqueues it."""

    FIRING = "firing"
    FIRED = "fired"
    HELD = "held"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"


class Kind(StrEnum):
    """Who asked for an occurrence: the rule, a person now, or a person for the past."""

    RULE = "rule"
    MANUAL = "manual"
    BACKFILL = "backfill"


class KeyTaken(StrEnum):
    """What became of an occurrence whose unique key another job held: nothing was added, but that job is known.

    ``dropped``: nothing is done for it. ``joined``: that job stands for it. ``replaced``: and has its arguments now.
    """

    DROPPED = "dropped"
    JOINED = "joined"
    REPLACED = "replaced"


class Schedule(Struct, frozen=True, kw_only=True):
    """A stored rule with the job that each of its occurrences enqueues.

    ``job`` is the job without an id. ``since``: only occurrences after it count; it is set when the schedule is made
    and when its rule is changed. ``misfire_after``: how late an occurrence may be before ``misfire`` decides about it.
    ``jitter``: each job runs up to that much later, by a delay that is fixed for each occurrence.
    """

    name: str
    rule: Rule
    job: NewJob
    overlap: Overlap = Overlap.SKIP
    misfire: Misfire = Misfire.ONCE
    misfire_after: timedelta = MISFIRE_AFTER_DEFAULT
    misfire_limit: int = MISFIRE_LIMIT_DEFAULT
    jitter: timedelta = ZERO
    origin: Origin = Origin.API
    paused: bool = False
    pause_reason: str | None = None
    created_at: datetime
    since: datetime


class Firing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry of the ledger: an occurrence, what was decided about it and why, and the job it became.

    ``key_taken``: ``job_id`` is another job, which held its unique key. ``count`` above 1: it stands for that many
    missed occurrences, the last of which was ``planned``. ``job_state`` is filled by ``history`` alone: None for a job
    that is no longer kept.
    """

    planned: datetime
    outcome: Outcome
    kind: Kind = Kind.RULE
    reason: str | None = None
    decided_at: datetime
    fired_at: datetime | None = None
    job_id: JobId | None = None
    key_taken: KeyTaken | None = None
    count: int = 1
    job_state: JobState | None = None

    @property
    def delay(self) -> timedelta | None:
        """How long after the planned instant the job was enqueued; None for an occurrence without a job."""
        return None if self.fired_at is None else self.fired_at - self.planned


class ScheduleState(Struct, frozen=True, kw_only=True):
    """How far the scheduler is with a schedule: everything up to ``cursor`` is decided, and never decided again.

    It belongs to the schedule's ``since``: with another one it counts no more. ``held`` are occurrences that wait for
    the ``active`` jobs to end.
    """

    since: datetime
    cursor: datetime
    held: tuple[datetime, ...] = ()
    active: tuple[JobId, ...] = ()


def ledger_key(schedule: str, planned: datetime, kind: Kind = Kind.RULE) -> str:
    """Where an occurrence has its one entry. Keys of a schedule sort by time, the newest first.

    An occurrence of the rule and its backfill are the same occurrence; one that a person triggered is another.
    """
    countdown = _KEY_MAX - _microseconds(planned)
    return f"{ledger_prefix(schedule)}{countdown:018d}{'+' if kind is Kind.MANUAL else ''}"


def ledger_prefix(schedule: str) -> str:
    """What the keys of a schedule's entries begin with. Names are printable, so none is the beginning of another's."""
    return f"{schedule}\x1f"


def state_key(schedule: str) -> str:
    """Where a schedule's state is, beside its ledger so that both are written at once."""
    return f"{schedule}\x1e"


def occurrence_job(schedule: Schedule, planned: datetime, *, now: datetime, kind: Kind = Kind.RULE) -> NewJob:
    """The job of an occurrence. Made twice it is the same job, by its id and by its idempotency key.

    The key outlives the job: an occurrence that is enqueued again after its job was pruned is still a duplicate.
    """
    identity = f"{schedule.name}/{schedule.created_at.isoformat()}/{planned.isoformat()}/{kind is Kind.MANUAL}"
    noise = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=16).digest())
    run_at = planned + schedule.jitter * ((noise >> 64) / 2**64) if kind is Kind.RULE else planned
    stamp = max(0, _microseconds(planned) * 512 // 125)  # 4,096 to the millisecond
    return structs.replace(
        schedule.job,
        id=JobId(format_uuid7(stamp, noise & (2**62 - 1))),
        run_at=run_at if run_at > now else None,
        idempotency_key=f"schedule:{noise:032x}",
        idempotency_window=KEY_WINDOW,
        meta={**schedule.job.meta, SCHEDULE_META: schedule.name, OCCURRENCE_META: planned.isoformat()},
    )


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // _MICROSECOND
