"""A listener that keeps the latest events in memory: for a look from inside the process, and for tests."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

EVENTS_DEFAULT = 10_000
"""Events kept; older ones go. At about a kilobyte each that is ten megabytes."""


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened: when this process saw it, the event's name and its attributes."""

    at: datetime
    name: str
    attributes: dict[str, Any]


class Recorder:
    """Attach it to an app's telemetry; ask it what happened.

    >>> from headrace.telemetry import Telemetry
    >>> telemetry, recorder = Telemetry(), Recorder()
    >>> detach = telemetry.attach(recorder)
    >>> telemetry.emit("job.finished", job_id="j-1", outcome="completed")
    >>> [event.attributes["outcome"] for event in recorder.history("j-1")]
    ['completed']
    """

    def __init__(self, limit: int = EVENTS_DEFAULT) -> None:
        self._events: deque[Event] = deque(maxlen=limit)

    def __call__(self, name: str, attributes: dict[str, Any]) -> None:
        """Keep an event. May be called from any thread."""
        self._events.append(Event(at=datetime.now(UTC), name=name, attributes=attributes))

    def events(self, name: str | None = None) -> list[Event]:
        """The kept events, oldest first; of one name, if it is given."""
        return [event for event in list(self._events) if name is None or event.name == name]

    def history(self, job_id: str) -> list[Event]:
        """What happened to one job, oldest first."""
        return [event for event in list(self._events) if event.attributes.get("job_id") == job_id]
