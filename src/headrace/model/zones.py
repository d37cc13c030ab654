"""What a clock on the wall shows: most readings come once, some never and some twice, and a zone says which.

A zone changes its offset at an instant. Forward, it leaves out readings (a gap); back, it repeats some (a fold).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from headrace.errors import ConfigError

_SECOND = timedelta(seconds=1)


class Fold(NamedTuple):
    """Readings that come twice: from ``start``, included, to ``end``, not included."""

    start: datetime
    end: datetime


@lru_cache(1_024)
def find_zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises ConfigError with near names.

    >>> find_zone("Europe/Paris").key
    'Europe/Paris'
    >>> find_zone("Europe/Pariss")
    Traceback (most recent call last):
    headrace.errors.ConfigError: timezone 'Europe/Pariss' is not known; did you mean 'Europe/Paris'? ...
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        from difflib import get_close_matches

        near = get_close_matches(str(name), available_timezones(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        message = (
            f"timezone {name!r} is not known{hint} Write a name of the tz database, such as 'Europe/Paris' or 'UTC'"
        )
        raise ConfigError(message) from None


def reading_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock shows, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def instants_of(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants, in UTC, at which the wall clock shows ``wall``: one as a rule, none in a gap, two in a fold.

    >>> paris = find_zone("Europe/Paris")
    >>> [len(instants_of(datetime(2027, *day, 2, 30), paris)) for day in [(3, 27), (3, 28), (10, 31)]]
    [1, 0, 2]
    """
    first, second = _as_if_before(wall, zone), _as_if_after(wall, zone)
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the gap that ``wall`` lies in."""
    return _change(_as_if_after(wall, zone), _as_if_before(wall, zone), zone)


def fold_around(wall: datetime, zone: ZoneInfo) -> Fold | None:
    """The fold that ``wall`` lies in, None for a reading that does not come twice."""
    instants = instants_of(wall, zone)
    if len(instants) < 2:
        return None
    changed = _change(instants[0], instants[1], zone)
    return Fold(start=reading_of(changed, zone), end=reading_of(changed - _SECOND, zone) + _SECOND)


def _as_if_before(wall: datetime, zone: ZoneInfo) -> datetime:
    """By the offset before a change, where there is one about."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _as_if_after(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the offset of ``after`` begins."""
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
