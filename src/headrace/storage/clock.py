"""Time is handed in: nothing but a clock reads the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a backend asks for the time, unless the server it stands on has its own."""

    def now(self) -> datetime:
        """The instant, aware and in UTC. It never goes back within a process."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow, from an origin shared by all processes of this host until it is restarted.

        Leases are counted by it, so that a step of the wall clock neither ends nor extends one.
        """
        ...


class SystemClock:
    """The host's clock. A step forward is taken over at once; a step back is ridden out at the monotonic pace.

    >>> clock = SystemClock()
    >>> clock.now() <= clock.now()
    True
    """

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._mono = time.monotonic()

    def now(self) -> datetime:
        mono = time.monotonic()
        steady = self._wall + timedelta(seconds=mono - self._mono)
        wall = datetime.now(UTC)
        self._wall, self._mono = max(steady, wall), mono
        return self._wall

    def monotonic(self) -> float:
        return time.monotonic()
