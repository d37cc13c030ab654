"""Job events: the journal in pages and as a stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from headrace.model.event import EVENTS_LIMIT_MAX, SEQUENCE_MAX, EventKind, JobEvent
from headrace.model.job import JobState
from headrace.wire.base import Duration, Reply, Request

Sequence = Annotated[
    int, Meta(ge=0, le=SEQUENCE_MAX, description="The sequence of an event; 0 for the beginning of the journal.")
]
Words = Annotated[str, Meta(max_length=2_000, pattern="^[^\\x00]*$", description="One or several, with commas.")]


class EventsWanted(Request, frozen=True, kw_only=True):
    """Which events are wanted: one or several of each, with commas between them; of tags a job carries all."""

    kind: Words = ""
    queue: Words = ""
    task: Words = ""
    job: Words = ""
    tag: Words = ""


class WatchEvents(EventsWanted, frozen=True, kw_only=True):
    """A stream of events: those from now on, or those after a sequence. ``Last-Event-ID`` goes before ``after``."""

    after: Sequence | None = None
    last_event_id: Annotated[str, Meta(max_length=64)] | None = None


class ReadEvents(EventsWanted, frozen=True, kw_only=True):
    """A page of events. ``limit`` is how many are looked at; ``wait`` for the first to come, where there is none."""

    after: Sequence = 0
    limit: Annotated[int, Meta(ge=1, le=EVENTS_LIMIT_MAX)] = 100
    wait: Duration | None = None


class EventView(Reply, frozen=True, kw_only=True):
    """A change of a job's state."""

    sequence: int
    kind: EventKind
    at: datetime
    job_id: str
    task: str
    queue: str
    state: JobState
    attempt: int
    tags: tuple[str, ...]


class EventsRead(Reply, frozen=True, kw_only=True):
    """Events, oldest first. Go on after ``last``. ``lost``: some after ``after`` are not kept any more.

    ``oldest`` and ``newest`` are the first and last sequence that are kept.
    """

    items: list[EventView]
    last: int
    lost: bool
    oldest: int
    newest: int


def event_view(event: JobEvent) -> EventView:
    """An event as it is shown."""
    return EventView(
        sequence=event.sequence,
        kind=event.kind,
        at=event.at,
        job_id=event.job_id,
        task=event.task,
        queue=event.queue,
        state=event.state,
        attempt=event.attempt,
        tags=event.tags,
    )
