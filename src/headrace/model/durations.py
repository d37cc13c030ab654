"""Durations as words: ``seconds(30)``, ``minutes(5)``, ``hours(1)``, ``days(7)``. All are ``datetime.timedelta``."""

from __future__ import annotations

import re
from datetime import timedelta

from headrace.errors import ConfigError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+")

ZERO = timedelta(0)
DURATION_MAX = timedelta(days=36_525)
"""A hundred years. What is longer is a mistake in the unit, and may end beyond the years that a date can have."""


def seconds(count: float) -> timedelta:
    """A duration of ``count`` seconds.

    >>> seconds(1.5)
    datetime.timedelta(seconds=1, microseconds=500000)
    """
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    """A duration of ``count`` minutes."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """A duration of ``count`` hours."""
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    """A duration of ``count`` days of 24 hours."""
    return timedelta(days=count)


def check_duration(name: str, value: object) -> None:
    """Raise ConfigError that names the field, unless ``value`` is a length of time from nothing to a hundred years.

    >>> check_duration("grace", 30)
    Traceback (most recent call last):
    headrace.errors.ConfigError: grace is a timedelta, such as seconds(30) or days(7); got 30
    """
    if not isinstance(value, timedelta):
        raise ConfigError(f"{name} is a timedelta, such as seconds(30) or days(7); got {value!r}")
    if value < ZERO:
        raise ConfigError(f"{name} must not be negative; got {value}")
    if value > DURATION_MAX:
        raise ConfigError(f"{name} is at most a hundred years, days(36525); got {value}")


def parse_duration(text: str) -> timedelta:
    """Read a duration as people write it in a command or a file: ``30s``, ``5m``, ``1h30m``, ``250ms``, ``2d``.

    Raises ConfigError for anything else, a bare number included: its unit would be a guess. So does one longer than
    ``DURATION_MAX``.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    stripped = text.strip().lower()
    if not _WHOLE.fullmatch(stripped):
        message = f"{text!r} is not a duration. Write a number and a unit, such as 30s, 5m, 1h30m, 250ms or 2d."
        raise ConfigError(message)
    total_s = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(stripped))
    if total_s > DURATION_MAX.total_seconds():
        raise ConfigError(f"{text!r} is longer than a hundred years.")
    return timedelta(seconds=total_s)


def format_duration(duration: timedelta) -> str:
    """Write a duration for people, in at most two units.

    >>> format_duration(timedelta(seconds=5400)), format_duration(timedelta(seconds=0.25))
    ('1h30m', '250ms')
    """
    total = duration.total_seconds()
    if total < 0:
        return f"-{format_duration(-duration)}"
    if total < 1:
        return f"{round(total * 1000)}ms"
    if total < 10 and total != int(total):
        return f"{total:.1f}s"
    left, parts = round(total), []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, int(_UNITS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
