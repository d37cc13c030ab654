"""Noting what moved, for verbs that settle jobs one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from headrace.backends.postgres.session import Session


class Tally:
    """Collects moves and events, and appends them in one statement."""

    __slots__ = ("_events", "_moves")

    def __init__(self) -> None:
        self._moves: Counter[tuple[str, str]] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()

    def move(self, queue: str, source: str | None, target: str | None, count: int = 1) -> None:
        """Jobs of a queue went from one state to another (None: from or to nowhere)."""
        if source is not None:
            self._moves[queue, source] -= count
        if target is not None:
            self._moves[queue, target] += count

    def happened(self, queue: str, event: str, count: int = 1) -> None:
        """An event for the rates; a negative count takes back what another statement notes."""
        self._events[queue, event] += count

    @property
    def arrivals(self) -> Iterator[tuple[str, str]]:
        """The queues and states that jobs came to."""
        return (place for place, n in self._moves.items() if n > 0)

    @property
    def columns(self) -> list[list[str | int | None]]:
        """Queues, states, events and numbers, as ``sql/tally.sql`` takes them; none where nothing was noted."""
        rows: list[tuple[str, str | None, str | None, int]]
        rows = [(queue, state, None, n) for (queue, state), n in self._moves.items() if n]
        rows += [(queue, None, event, n) for (queue, event), n in self._events.items() if n]
        return list(map(list, zip(*rows, strict=True)))

    async def write(self, session: Session) -> None:
        """Append what was noted."""
        columns = self.columns
        if columns:
            now = session.now or (await session.rows("instant", None))[0][0]
            await session.rows("tally", now, *columns)
