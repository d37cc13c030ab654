"""A host whose clock an administrator sets back."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta

from headrace.storage import clock as clock_module
from headrace.storage.clock import Clock, SystemClock


class SteppedDatetime(datetime):
    """``datetime.now`` of a host whose wall clock can be stepped while its monotonic clock goes on."""

    step = timedelta(0)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        """The stepped wall clock."""
        return datetime.fromtimestamp(time.time(), UTC) + cls.step


def make_clock(step_back_s: float) -> Clock | None:
    """The system's clock, on a wall clock that SIGUSR1 sets back. None for a step of 0: nothing special."""
    if not step_back_s:
        return None
    clock_module.__dict__["datetime"] = SteppedDatetime

    def step(*_: object) -> None:
        SteppedDatetime.step -= timedelta(seconds=step_back_s)

    signal.signal(signal.SIGUSR1, step)
    return SystemClock()
