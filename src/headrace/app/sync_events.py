"""``app.sync.events``: the journal for code without an event loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from headrace.app.events import EVENTS_LIMIT_DEFAULT, event_filter, lost_error
from headrace.model.durations import ZERO
from headrace.model.event import EVENTS_LIMIT_MAX, EventPage, EventRetention, JobEvent
from headrace.storage.events import EventLogStatus

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

WAIT = timedelta(seconds=5)
"""How long one step of ``watch`` waits on the loop's thread before it comes back for the next."""


class SyncEvents:
    """The methods of :class:`~headrace.app.events.Events`; each blocks its thread until it is done."""

    def __init__(self, desk: SyncDesk) -> None:
        self._desk = desk

    def enable(self, *, keep: timedelta | None = None, keep_max: int | None = None) -> EventRetention:
        """Have the store write events from now on. See ``Events.enable``."""
        return self._desk.ask(lambda desk: desk.events.enable(keep=keep, keep_max=keep_max))

    def disable(self) -> None:
        """Have no more events written."""
        self._desk.ask(lambda desk: desk.events.disable())

    def status(self) -> EventLogStatus:
        """Whether the journal is on, and what it holds."""
        return self._desk.ask(lambda desk: desk.events.status())

    def newest(self) -> int:
        """The sequence of the last event."""
        return self._desk.ask(lambda desk: desk.events.newest())

    def begin(self, after: int | None) -> int:
        """The sequence after which a reader begins. See ``Events.begin``."""
        return self._desk.ask(lambda desk: desk.events.begin(after))

    def read(self, *, after: int = 0, limit: int = EVENTS_LIMIT_DEFAULT, wait: timedelta = ZERO) -> EventPage:
        """Up to ``limit`` events after a sequence. See ``Events.read``."""
        return self._desk.ask(lambda desk: desk.events.read(after=after, limit=limit, wait=wait))

    def watch(
        self,
        *,
        queue: str | Iterable[str] = (),
        task: str | Iterable[str] = (),
        job: str | Iterable[str] = (),
        tag: str | Iterable[str] = (),
        kind: str | Iterable[str] = (),
        after: int | None = None,
    ) -> Iterator[JobEvent]:
        """Events as they happen. See ``Events.watch``. Each step blocks until there is one."""

        wanted = event_filter(queue=queue, task=task, job=job, tag=tag, kind=kind)
        last = self.begin(after)
        while True:
            page = self.read(after=last, limit=EVENTS_LIMIT_MAX, wait=WAIT)
            if page.lost:
                raise lost_error(page)
            last = page.last
            yield from filter(wanted.matches, page.events)
