"""Cron expressions: five fields, six with seconds first, names of months and days, and the ``@`` words.

Matching is cronsim's, which follows Debian's cron: of day of month and day of week both must fit where one of them
begins with ``*``, and either where both are given. What is done here is to say what is wrong with a bad expression, and
to turn readings of the wall clock into instants by the rules of :mod:`headrace.model.zones`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from headrace.errors import ConfigError
from headrace.model.zones import end_of_gap, fold_around, instants_of, reading_of

Gap = Literal["skip", "shift"]
"""What to do for a local time that does not exist: nothing, or run at the first instant after the gap."""

Fold = Literal["first", "second", "both"]
"""Which of the two to take of a local time that comes twice."""

EXPRESSION_LENGTH_MAX = 200
"""Longer than any expression a person writes; a parser that takes anything is a way to use up a server."""

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_SECOND = timedelta(seconds=1)
_SOME_LEAP_YEAR = datetime(2024, 1, 1)  # noqa: DTZ001 (a reading of a wall clock)


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    words: list[str]
    special: str = ""


_FIELDS = (
    _Field("second", 0, 59, []),
    _Field("minute", 0, 59, []),
    _Field("hour", 0, 23, []),
    _Field("day of the month", 1, 31, [], r"L|LW"),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS, r"[0-7]L|([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]"),
)


class _Wrong(Protocol):
    def __call__(self, term: str, why: str) -> NoReturn: ...


class Passing(NamedTuple):
    """A reading that a cron expression matches, and what becomes of it. ``instant`` None: it does not run."""

    instant: datetime | None
    remark: str = ""


class Cron:
    """A cron expression, checked.

    >>> Cron("30 2 * * MON-FRI").expression, Cron("@daily").expression
    ('30 2 * * MON-FRI', '0 0 * * *')
    >>> Cron("0 25 * * *")
    Traceback (most recent call last):
    headrace.errors.ConfigError: cron '0 25 * * *': '25' in field 2, hour: it goes from 0 to 23
    >>> Cron("0 9 * * MOM")
    Traceback (most recent call last):
    headrace.errors.ConfigError: cron '0 9 * * MOM': 'MOM' in field 5, day of the week: did you mean MON?
    """

    def __init__(self, text: str) -> None:
        self.expression = normalise(text)
        parts = self.expression.split()
        minute, hour = parts[-5], parts[-4]
        self.wild = minute.startswith("*") or hour.startswith("*")
        """True where minute or hour begins with ``*``: such an expression asks for a rhythm, not for a time of day."""

    def describe(self) -> str:
        """The expression in words.

        >>> Cron("30 2 * * MON-FRI").describe()
        'At 02:30 on Monday through Friday'
        """
        return CronSim(self.expression, _SOME_LEAP_YEAR).explain()

    def next_reading(self, wall: datetime) -> datetime | None:
        """The first reading after ``wall`` that fits; None when there is none for fifty years."""
        return next(CronSim(self.expression, wall), None)

    def passings(self, after: datetime, zone: ZoneInfo, *, gap: Gap, fold: Fold) -> Iterator[Passing]:
        """What happens after that instant, in order, for ever.

        A wild expression keeps its rhythm: readings that are left out are left out, repeated ones run again.
        """
        if self.wild:
            gap, fold = "skip", "both"
        cursor, floor = after, None
        while True:
            if floor is not None:
                wall, second, floor = self.next_reading(floor - _SECOND), False, None
            else:
                wall, second = self._following(cursor, zone)
            if wall is None:
                return
            instants = instants_of(wall, zone)
            if not instants:
                cursor = end_of_gap(wall, zone)
                floor = reading_of(cursor, zone) if gap == "skip" else None
                yield self._left_out(wall, zone, cursor, gap)
                continue
            cursor = instants[-1 if second else 0]
            if len(instants) == 1:
                yield Passing(cursor)
            elif fold == "both" or second == (fold == "second"):
                yield Passing(cursor, self._repeated(wall, fold))

    def _following(self, cursor: datetime, zone: ZoneInfo) -> tuple[datetime | None, bool]:
        """The next reading that fits, and whether it is meant the second time that it is shown."""
        wall = reading_of(cursor, zone)
        following = self.next_reading(wall)
        around = fold_around(wall, zone)
        if around is None:
            return following, False
        if cursor.astimezone(zone).fold:
            return following, following is not None and following < around.end
        if following is not None and following < around.end:
            return following, False
        again = self.next_reading(around.start - _SECOND)
        return again, again is not None and again < around.end

    def _left_out(self, wall: datetime, zone: ZoneInfo, resumed: datetime, gap: Gap) -> Passing:
        if self.wild:
            return Passing(None)
        says = f"{_clock(wall)} does not exist on {wall.date()}"
        if gap == "skip":
            return Passing(None, f"{says}: skipped")
        return Passing(resumed, f"{says}: runs at {_clock(reading_of(resumed, zone))}")

    def _repeated(self, wall: datetime, fold: Fold) -> str:
        if self.wild:
            return ""
        counts = "runs both times" if fold == "both" else f"the {fold} counts"
        return f"{_clock(wall)} comes twice on {wall.date()}: {counts}"


def _clock(wall: datetime) -> str:
    return wall.strftime("%H:%M:%S" if wall.second else "%H:%M")


@lru_cache(1_024)
def normalise(text: str) -> str:
    """The expression with its ``@`` word replaced and names in capitals. Raises ConfigError that points at the fault.

    >>> normalise("0 9 * jan mon")
    '0 9 * JAN MON'
    >>> normalise("@dayly")
    Traceback (most recent call last):
    headrace.errors.ConfigError: cron '@dayly' is not known; did you mean '@daily'? There are: @yearly, @annually, ...
    """
    given = text.strip()
    if len(given) > EXPRESSION_LENGTH_MAX:
        message = f"cron: an expression has at most {EXPRESSION_LENGTH_MAX} characters; got {len(given)}"
        raise ConfigError(message)
    if given.startswith("@"):
        return _alias(given)
    parts = given.upper().split()
    if len(parts) not in (5, 6):
        message = (
            f"cron {given!r} has {len(parts)} fields; write five (minute hour day-of-month month day-of-week), or six "
            "with seconds first"
        )
        raise ConfigError(message)
    for number, (field, part) in enumerate(zip(_FIELDS[6 - len(parts) :], parts, strict=True), start=1):
        _check_field(given, number, field, part)
    expression = " ".join(parts)
    try:
        possible = next(CronSim(expression, _SOME_LEAP_YEAR), None)
    except CronSimError as error:
        if "Bad day" not in str(error):
            message = f"cron {given!r}: {error}"
            raise ConfigError(message) from None
        possible = None
    if possible is None:
        message = f"cron {given!r} never comes: no month of it has such a day"
        raise ConfigError(message)
    return expression


def _alias(given: str) -> str:
    expression = ALIASES.get(given.lower())
    if expression is not None:
        return expression
    near = get_close_matches(given.lower(), ALIASES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    message = f"cron {given!r} is not known{hint} There are: {', '.join(ALIASES)}"
    raise ConfigError(message)


def _check_field(given: str, number: int, field: _Field, part: str) -> None:
    def wrong(term: str, why: str) -> NoReturn:
        message = f"cron {given!r}: {term!r} in field {number}, {field.name}: {why}"
        raise ConfigError(message)

    for term in part.split(","):
        if field.special and re.fullmatch(field.special, term):
            continue
        span, slash, step = term.partition("/")
        if slash and not (step.isdecimal() and step.isascii() and int(step) > 0):
            wrong(term, "after / comes a number from 1 up, as in */5")
        if span == "*":
            continue
        first, dash, last = span.partition("-")
        numbers = [_check_value(field, value, wrong) for value in ([first, last] if dash else [first])]
        if numbers != sorted(numbers):
            wrong(span, f"the range ends before it begins; for one across the turn write {first}-{field.most},...")


def _check_value(field: _Field, value: str, wrong: _Wrong) -> int:
    if value in field.words:
        return field.words.index(value) + field.least
    if not (value.isdecimal() and value.isascii()):
        near = get_close_matches(value, field.words, n=1)
        if near:
            wrong(value, f"did you mean {near[0]}?")
        words = f", or {field.words[0]} to {field.words[-1]}" if field.words else ""
        wrong(value, f"write a number from {field.least} to {field.most}{words}, *, a range 1-5, a list 1,3 or */5")
    if not field.least <= int(value) <= field.most:
        wrong(value, f"it goes from {field.least} to {field.most}")
    return int(value)
