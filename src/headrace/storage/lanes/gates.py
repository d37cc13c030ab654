"""What limits leave room for, and what a claim uses up of it."""

from __future__ import annotations

from headrace.model.limits import LimitTarget, Pace, Rate

ANY = 1 << 31
"""Room where nothing limits it: more than any demand."""


class Gate:
    """One limit as a claim sees it. ``room`` is None without a limit of concurrency.

    A bucket lacks what its pace can hold at most: so a clock that is set back holds nobody up for longer.
    """

    __slots__ = ("_drawn", "full_at", "mono", "pace", "room", "target")

    def __init__(self, target: LimitTarget, pace: Pace | None, room: int | None, full_at: int, mono: int) -> None:
        self.target = target
        self.pace = pace
        self.room = room
        self.full_at = full_at if pace is None else pace.adopt(full_at, mono)
        self.mono = mono
        self._drawn = False

    @property
    def free(self) -> int:
        """How many jobs may begin now."""
        room = ANY if self.room is None else self.room
        if self.pace is not None:
            room = min(room, self.pace.available(self.full_at, self.mono))
        return max(0, room)

    def take(self, count: int) -> None:
        """Let so many begin."""
        if self.room is not None:
            self.room -= count
        if self.pace is not None and count:
            self.full_at = self.pace.take(self.full_at, self.mono, count)
            self._drawn = True

    @property
    def opens_at(self) -> int | None:
        """When there is a token, if there is none now."""
        if self.pace is None or self.pace.available(self.full_at, self.mono) > 0:
            return None
        return self.pace.next_at(self.full_at, self.mono)

    @property
    def drawn(self) -> tuple[str, str, str, int] | None:
        """The bucket to be stored, if tokens were drawn."""
        return (self.target.scope, self.target.name, self.target.key, self.full_at) if self._drawn else None


def pace_of(rate: Rate | None) -> Pace | None:
    """How a rate is reckoned with, if there is one."""
    return None if rate is None else rate.pace
