"""Instants and durations as SQLite stores them: whole microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Microseconds since 1970.

    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The instant, aware and in UTC; what lies beyond the calendar is its last.

    >>> from_us(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    >>> from_us(1 << 62).year
    9999
    """
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except (
        OverflowError
    ):  # an earlier release has stored a delay of ten thousand years: that must not keep others from theirs
        return _LAST


def maybe_from_us(microseconds: int | None) -> datetime | None:
    """The instant, or None."""
    return None if microseconds is None else from_us(microseconds)


def duration_us(duration: timedelta) -> int:
    """A duration in microseconds."""
    return duration // _MICROSECOND
