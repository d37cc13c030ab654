"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from headrace.errors import UsageError
from headrace.model.durations import ZERO

START = datetime(2030, 1, 1, tzinfo=UTC)
MONO_START = 1_000.0


class FrozenClock:
    """A clock for tests: hand it to a backend, then move it. It starts at the beginning of 2030, in UTC.

    >>> clock = FrozenClock()
    >>> clock.now().isoformat()
    '2030-01-01T00:00:00+00:00'
    >>> clock.advance(timedelta(minutes=5))
    >>> clock.now().isoformat(), clock.monotonic()
    ('2030-01-01T00:05:00+00:00', 1300.0)
    """

    def __init__(self, start: datetime = START) -> None:
        self._wall = _aware(start)
        self._mono = timedelta(seconds=MONO_START)

    def now(self) -> datetime:
        """The instant, as last set or advanced."""
        return self._wall

    def monotonic(self) -> float:
        """Seconds; ``advance`` alone moves them."""
        return self._mono.total_seconds()

    def advance(self, step: timedelta) -> None:
        """Let time pass, for both readings.

        >>> FrozenClock().advance(timedelta(seconds=-1))
        Traceback (most recent call last):
        headrace.errors.UsageError: time does not go back: step must not be negative, got -1 day, 23:59:59
        """
        if step < ZERO:
            raise UsageError(f"time does not go back: step must not be negative, got {step}")
        self._wall += step
        self._mono += step

    def set_wall(self, instant: datetime) -> None:
        """Step the wall clock, forward or back, as an administrator or a time server would.

        The monotonic reading stays, so no lease ends early or late.

        >>> clock = FrozenClock()
        >>> clock.set_wall(START - timedelta(hours=1))
        >>> clock.now().isoformat(), clock.monotonic()
        ('2029-12-31T23:00:00+00:00', 1000.0)
        """
        self._wall = _aware(instant)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise UsageError(f"an instant needs a time zone, such as datetime(2030, 1, 1, tzinfo=UTC); got {instant!r}")
    return instant.astimezone(UTC)
