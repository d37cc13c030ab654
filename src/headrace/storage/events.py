"""The journal of job events: short, durable, in the order of commits; and off until someone wants it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from headrace.errors import Unsupported
from headrace.model.event import EventPage, EventRetention


class EventLogStatus(Struct, frozen=True, kw_only=True, gc=False):
    """How the journal stands. ``retention`` None: it is off, and nothing is written.

    ``oldest`` and ``newest`` are the first and last sequence that are kept, 0 while nothing was ever written.
    """

    retention: EventRetention | None
    oldest: int = 0
    newest: int = 0


class EventLog(Protocol):
    """One event for each change of a job's state, written in the very transaction that makes the change.

    While it is off it costs nothing. A reader polls from the last sequence it has seen: sequences have no gaps, and
    what is seen later has a higher one. The signal ``event:*`` tells that there may be more.
    Stores without one (``Capabilities.events`` False) raise Unsupported from all but ``status``.
    """

    async def enable(self, retention: EventRetention) -> None:
        """Write events from now on, whichever process changes jobs; with another retention, keep them by that."""
        ...

    async def disable(self) -> None:
        """Write no more. What is there stays, is read and is pruned. Enabled again, sequences go on."""
        ...

    async def status(self) -> EventLogStatus:
        """Whether it is on, and what it holds."""
        ...

    async def read(self, *, after: int, limit: int) -> EventPage:
        """Up to ``limit`` events (1,000 at most) whose sequence is above ``after``, oldest first."""
        ...

    async def prune(self, *, limit: int) -> int:
        """Forget up to ``limit`` of the oldest events that are past the retention; answers how many."""
        ...


class NoEventLog:
    """What a store without a journal has in its place."""

    def __init__(self, store: str) -> None:
        self._store = store

    async def enable(self, retention: EventRetention) -> None:
        raise self._refusal()

    async def disable(self) -> None:
        raise self._refusal()

    async def status(self) -> EventLogStatus:
        return EventLogStatus(retention=None)

    async def read(self, *, after: int, limit: int) -> EventPage:
        raise self._refusal()

    async def prune(self, *, limit: int) -> int:
        raise self._refusal()

    def _refusal(self) -> Unsupported:
        return Unsupported(
            f"the {self._store} store keeps no journal of job events; use another, such as sqlite or postgresql, or "
            "poll the jobs"
        )
