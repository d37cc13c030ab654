"""The journal of job events: switched, read and pruned here; what is written, ``journal`` settles."""

from __future__ import annotations

from itertools import islice

from headrace.backends.memory.session import Session
from headrace.model.event import EVENTS_LIMIT_MAX, EventPage, EventRetention
from headrace.storage.events import EventLogStatus


class MemoryEventLog:
    """The journal, which lies in the shared state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def enable(self, retention: EventRetention) -> None:
        with self._session.section() as state:
            state.journal.on, state.journal.retention = True, retention

    async def disable(self) -> None:
        with self._session.section() as state:
            state.journal.on = False

    async def status(self) -> EventLogStatus:
        with self._session.section() as state:
            journal = state.journal
            retention = journal.retention if journal.on else None
            return EventLogStatus(retention=retention, oldest=journal.oldest, newest=journal.newest)

    async def read(self, *, after: int, limit: int) -> EventPage:
        with self._session.section() as state:
            journal = state.journal
            skipped = max(0, after + 1 - journal.oldest) if journal.kept else 0
            size = max(1, min(limit, EVENTS_LIMIT_MAX))
            events = list(islice(journal.kept, skipped, skipped + size))
            return EventPage(after=after, events=events, oldest=journal.oldest, newest=journal.newest)

    async def prune(self, *, limit: int) -> int:
        with self._session.section() as state:
            return state.journal.forget(state.now, limit)
