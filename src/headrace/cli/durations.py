"""Durations and instants as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.session import session
from headrace.errors import ConfigError
from headrace.model.durations import format_duration, parse_duration

if TYPE_CHECKING:
    _DurationType = click.ParamType[timedelta]
    _InstantType = click.ParamType[datetime]
else:
    # Click's parameter types became generic only after the oldest release that is supported.
    _DurationType = _InstantType = click.ParamType


class Duration(_DurationType):
    """``30s``, ``5m``, ``1h30m``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read a duration."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


class Instant(_InstantType):
    """An RFC 3339 instant, or a duration before now (after now with ``ahead``)."""

    name = "instant"

    def __init__(self, *, ahead: bool = False) -> None:
        self._ahead = ahead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read an instant."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value, datetime.now(UTC), ahead=self._ahead)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


def parse_instant(text: str, now: datetime, *, ahead: bool = False) -> datetime:
    """Read ``2h`` as two hours before ``now`` (after it with ``ahead``), or an RFC 3339 instant.

    >>> noon = datetime(2025, 1, 31, 12, tzinfo=UTC)
    >>> parse_instant("2h", noon).isoformat(), parse_instant("2025-01-31T09:00:00+01:00", noon).isoformat()
    ('2025-01-31T10:00:00+00:00', '2025-01-31T08:00:00+00:00')
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            delta = parse_duration(text)
            return now + delta if ahead else now - delta
        except (ConfigError, OverflowError):
            message = f"{text!r} is no time. Write a duration such as 2h, or an instant such as 2025-01-31T09:00:00Z"
            raise ConfigError(message) from None
    if instant.utcoffset() is None:
        message = f"{text!r} has no time zone. Write 2025-01-31T09:00:00Z for UTC, or with an offset such as +01:00"
        raise ConfigError(message)
    return instant.astimezone(UTC)


def ago(instant: datetime | None, now: datetime) -> str:
    """How long ago, or in how long, for people; the instant itself where ``--utc`` or ``--tz`` was given.

    >>> noon = datetime(2025, 1, 31, 12, tzinfo=UTC)
    >>> ago(noon - timedelta(minutes=2), noon), ago(noon + timedelta(hours=1), noon), ago(None, noon)
    ('2m ago', 'in 1h', '-')
    """
    if instant is None:
        return "-"
    if session().zone is not None:
        return rfc3339(instant)
    if instant > now:
        return f"in {short(instant - now)}"
    return f"{short(now - instant)} ago"


def short(duration: timedelta) -> str:
    """A duration in one unit where that says enough.

    >>> short(timedelta(seconds=59)), short(timedelta(seconds=61)), short(timedelta(days=3, hours=2))
    ('59s', '1m', '3d')
    """
    total = duration.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if total >= length:
            return f"{int(total // length)}{unit}"
    return format_duration(timedelta(seconds=int(total))) if total >= 1 else format_duration(duration)


def rfc3339(instant: datetime | None) -> str:
    """An instant as text for people, to the millisecond, in UTC or in the zone that ``--tz`` names.

    >>> rfc3339(datetime(2025, 1, 31, 12, 0, 0, 5000, tzinfo=UTC))
    '2025-01-31T12:00:00.005Z'
    """
    if instant is None:
        return "-"
    return instant.astimezone(session().zone or UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
