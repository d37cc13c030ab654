"""Job events: what a store's journal tells of, one for each change of a job's state."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import PENDING_STATES, RETRIABLE_STATES, JobState

EVENTS_KEEP_DEFAULT = timedelta(hours=1)
EVENTS_KEEP_MAX_DEFAULT = 500_000
"""Events kept at most. Measured on SQLite: some 60 MB."""

EVENTS_LIMIT_MAX = 1_000
"""Events in one page."""

SEQUENCE_MAX = 2**63 - 1
"""What stores can count to."""


class EventKind(StrEnum):
    """What happened to a job. A delete, and the end of its retention, are not told: nothing is left to ask about."""

    ENQUEUED = "job.enqueued"
    SCHEDULED = "job.scheduled"
    """A pending job was moved to a later instant."""
    QUEUED = "job.queued"
    """A pending job may run now: it was due, was woken, or was moved to now."""
    STARTED = "job.started"
    RETRYING = "job.retrying"
    """An attempt failed, or was lost with its worker, and there will be another."""
    SNOOZED = "job.snoozed"
    WAITING = "job.waiting"
    RELEASED = "job.released"
    """A worker gave it back, its attempt uncounted."""
    SUCCEEDED = "job.succeeded"
    DEAD = "job.dead"
    CANCELLED = "job.cancelled"
    EXPIRED = "job.expired"
    REQUEUED = "job.requeued"
    """Somebody had it run again after it had ended."""


_ARRIVALS = {
    JobState.RUNNING: EventKind.STARTED,
    JobState.WAITING: EventKind.WAITING,
    JobState.SUCCEEDED: EventKind.SUCCEEDED,
    JobState.DEAD: EventKind.DEAD,
    JobState.CANCELLED: EventKind.CANCELLED,
    JobState.EXPIRED: EventKind.EXPIRED,
}


def event_between(before: JobState | None, after: JobState, *, given_back: bool = False) -> EventKind | None:
    """The event of a job that goes from one state to another (None: from nowhere); None where it stays.

    ``given_back`` tells that its attempt was uncounted. Stores that write events in SQL follow this table.

    >>> event_between(JobState.RUNNING, JobState.SCHEDULED)
    <EventKind.RETRYING: 'job.retrying'>
    >>> event_between(JobState.RUNNING, JobState.QUEUED, given_back=True)
    <EventKind.RELEASED: 'job.released'>
    """
    if before is None:
        return EventKind.ENQUEUED
    if before is after:
        return None
    if after in _ARRIVALS:
        return _ARRIVALS[after]
    if before in RETRIABLE_STATES:
        return EventKind.REQUEUED
    if before in PENDING_STATES:
        return EventKind.QUEUED if after is JobState.QUEUED else EventKind.SCHEDULED
    if not given_back:
        return EventKind.RETRYING
    return EventKind.RELEASED if after is JobState.QUEUED else EventKind.SNOOZED


class JobEvent(Struct, frozen=True, kw_only=True, gc=False):
    """One entry of the journal.

    ``sequence`` grows by one with each event, in the order in which the changes were committed. ``state`` is the job's
    state from then on, and ``attempt`` how many attempts were begun and not given back.
    """

    sequence: int
    kind: EventKind
    at: datetime
    job_id: JobId
    task: str
    queue: str
    state: JobState
    attempt: int
    tags: tuple[str, ...] = ()


class EventPage(Struct, frozen=True, kw_only=True, gc=False):
    """Events after a place in the journal, oldest first, with the first and last sequence that are kept.

    ``oldest`` and ``newest`` are 0 while nothing was ever written.
    """

    after: int
    events: list[JobEvent]
    oldest: int
    newest: int

    @property
    def lost(self) -> bool:
        """True where events after ``after`` are not kept any more, or ``after`` is of another journal altogether.

        >>> EventPage(after=3, events=[], oldest=5, newest=9).lost
        True
        >>> EventPage(after=4, events=[], oldest=5, newest=9).lost
        False
        """
        return self.after + 1 < self.oldest or self.after > self.newest

    @property
    def last(self) -> int:
        """Where the next page begins: the last event looked at, or what is kept where the place was lost."""
        if self.events:
            return self.events[-1].sequence
        return max(self.oldest - 1, 0) if self.lost else self.after


class EventRetention(Struct, frozen=True, kw_only=True, gc=False):
    """How long a journal keeps its events: for ``keep``, and no more than ``keep_max`` of them.

    The newest event always stays, so that sequences never begin anew.
    """

    keep: timedelta = EVENTS_KEEP_DEFAULT
    keep_max: int = EVENTS_KEEP_MAX_DEFAULT

    def __post_init__(self) -> None:
        if self.keep <= ZERO:
            raise ConfigError(f"keep is how long events stay in the journal, more than nothing; got {self.keep}")
        if self.keep_max < 1:
            raise ConfigError(f"keep_max is how many events stay in the journal, at least 1; got {self.keep_max}")


class EventFilter(Struct, frozen=True, kw_only=True, gc=False):
    """Which events are wanted: each field that is given must match; an empty one matches all.

    >>> wanted = EventFilter(queues=("mail",), kinds=(EventKind.DEAD,))
    >>> wanted.kinds
    (<EventKind.DEAD: 'job.dead'>,)
    """

    kinds: tuple[EventKind, ...] = ()
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def matches(self, event: JobEvent) -> bool:
        """Whether the event is wanted. An event carries all of ``tags``, and one of each other field."""
        return (
            _within(self.kinds, event.kind)
            and _within(self.queues, event.queue)
            and _within(self.tasks, event.task)
            and _within(self.jobs, event.job_id)
            and (not self.tags or set(self.tags) <= set(event.tags))
        )


def _within(wanted: Collection[str], value: str) -> bool:
    return not wanted or value in wanted
