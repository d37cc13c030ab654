"""Schedules in simple English: ``every weekday at 9:00``, ``every 6 hours``, ``first day of the month at 6:00``.

A small grammar that either understands all of a sentence or says which word it does not: a schedule that is half
understood would run at the wrong time. What it answers is a cron expression, or an interval where the step does not
divide the hour or the day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches

from headrace.errors import ConfigError
from headrace.model.durations import parse_duration

_DAYS = {
    "sunday": "SUN",
    "monday": "MON",
    "tuesday": "TUE",
    "wednesday": "WED",
    "thursday": "THU",
    "friday": "FRI",
    "saturday": "SAT",
}
_SETS = {"weekday": "MON-FRI", "weekend": "SAT,SUN", "day": "*"}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_UNITS = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_ADVERBS = {
    "secondly": "every second",
    "minutely": "every minute",
    "hourly": "every hour",
    "daily": "every day",
    "weekly": "every sunday",
    "monthly": "first day of the month",
    "yearly": "every year",
    "annually": "every year",
}
_WORDS = [
    *_DAYS, *_SETS, *_ORDINALS, *_UNITS, *_ADVERBS, "every", "each", "at", "on", "of", "the", "month", "year", "last",
    "and", "noon", "midnight", "weekdays", "weekends",
]  # fmt: skip

_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?")
_EXAMPLES = (
    "'every 15 minutes', 'every weekday at 9:00', 'daily at 02:00', 'every monday and friday at 17:30', "
    "'first day of the month at 6:00', or a cron expression such as '0 9 * * MON-FRI'"
)


def read_english(text: str) -> str | timedelta:
    """A cron expression or an interval. Raises ConfigError that names the word it does not understand.

    >>> read_english("every weekday at 9:00"), read_english("every monday and friday at 5:30 pm")
    ('0 9 * * MON-FRI', '30 17 * * MON,FRI')
    >>> read_english("every 6 hours"), read_english("every 90 minutes")
    ('0 */6 * * *', datetime.timedelta(seconds=5400))
    >>> read_english("every weekdya at 9")
    Traceback (most recent call last):
    headrace.errors.ConfigError: schedule 'every weekdya at 9': 'weekdya' is not understood; did you mean 'weekday'? ...
    """
    return _Sentence(text).read()


class _Sentence:
    """One sentence, cut into what says the days and what says the time."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        plain = " ".join(self._text.lower().replace(",", " and ").split())
        for adverb, meaning in _ADVERBS.items():
            plain = re.sub(rf"^{adverb}\b", meaning, plain)
        plain = re.sub(r"\bevery year\b", "every year on", plain) if plain == "every year" else plain
        days, at, time = plain.partition(" at ")
        self._days, self._time = days, time if at else None

    def read(self) -> str | timedelta:
        """Try each form in turn."""
        if self._time is None and (interval := self._read_interval()) is not None:
            return interval
        if self._days == "every year on":
            return "0 0 1 1 *"
        for form in (self._read_nth_of_month, self._read_weekdays):
            fields = form()
            if fields is not None:
                minute, hour = self._read_time()
                return f"{minute} {hour} {fields}"
        raise self._fault()

    def _read_interval(self) -> str | timedelta | None:
        """``every 15 minutes``, ``every hour``, ``interval 1h``, ``1h30m``."""
        words = re.sub(r"^(every|each|interval)\s+", "", self._days)
        found = re.fullmatch(r"(?:(\d+)\s+)?(second|minute|hour|day|week)s?", words)
        try:
            if found is None:
                return _aligned(parse_duration(words))
            if found[1] is None and found[2] in ("day", "week"):
                return None
            return _aligned(parse_duration(f"{found[1] or 1}{_UNITS[found[2]]}"))
        except (ConfigError, OverflowError):
            return None

    def _read_nth_of_month(self) -> str | None:
        """``first day of the month``, ``last friday of the month``, ``on the 15th of the month``."""
        found = re.fullmatch(
            r"(?:every month )?(?:on )?(?:the )?"
            r"(?:(first|second|third|fourth|fifth|last) (\w+)|(\d{1,2})(?:st|nd|rd|th)?)"
            r"(?: day)?(?: of (?:the|every|each) month)?",
            self._days,
        )
        if found is None:
            return None
        which, what, number = found.groups()
        if number is not None:
            return f"{number} * *" if 1 <= int(number) <= 31 else None
        if what == "day":
            return "L * *" if which == "last" else f"{_ORDINALS[which]} * *"
        day = _DAYS.get(what)
        if day is None:
            raise self._fault(what)
        return f"* * {list(_DAYS).index(what)}L" if which == "last" else f"* * {day}#{_ORDINALS[which]}"

    def _read_weekdays(self) -> str | None:
        """``every weekday``, ``mondays and fridays``, ``on sunday``."""
        words = re.sub(r"^(?:(?:every|each|on)\s+)+", "", self._days)
        names = []
        for word in re.split(r"\s+and\s+(?:on\s+)?|\s+", words):
            name = word.removesuffix("s")
            if name not in _DAYS and name not in _SETS:
                if word not in ("", "at"):
                    raise self._fault(word)
                return None
            names.append(_DAYS.get(name) or _SETS[name])
        return f"* * {'*' if '*' in names else ','.join(dict.fromkeys(names))}"

    def _read_time(self) -> tuple[int, str]:
        """Minute and hours of ``9``, ``9:00``, ``5:30 pm``, ``noon``, ``9:00 and 17:00``; midnight for nothing."""
        if self._time is None:
            return 0, "0"
        minutes, hours = set(), []
        for text in self._time.replace("noon", "12:00").replace("midnight", "0:00").split(" and "):
            found = _TIME.fullmatch(text.strip())
            hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
            half = found[3] if found else None
            if half and not 1 <= hour <= 12:
                hour = 99
            hour = hour % 12 + (12 if half == "pm" else 0) if half and hour != 99 else hour
            if hour > 23 or minute > 59:
                raise self._fault(text.strip(), "it is no time of day: write 9:00, 17:30, 9 am or noon")
            minutes.add(minute)
            hours.append(str(hour))
        if len(minutes) > 1:
            raise self._fault(self._time, "times with different minutes are two schedules; make one for each")
        return minutes.pop(), ",".join(hours)

    def _fault(self, word: str | None = None, why: str = "") -> ConfigError:
        if word is None:
            unknown = [each for each in re.findall(r"[a-z]+", self._days) if each not in _WORDS]
            word = unknown[0] if unknown else self._days
        near = get_close_matches(word, _WORDS, n=1)
        hint = why or (f"did you mean {near[0]!r}?" if near and near[0] != word else "")
        told = f"{word!r} is not understood" + (f"; {hint}" if hint else "")
        return ConfigError(f"schedule {self._text!r}: {told}{'' if told[-1] == '?' else '.'} Write {_EXAMPLES}")


def _aligned(step: timedelta) -> str | timedelta:
    """A step that divides the minute, the hour or the day follows the wall clock; any other is an interval."""
    total = step.total_seconds()
    forms: tuple[tuple[int, int, Callable[[int], str]], ...] = (
        (1, 60, lambda n: f"*/{n} * * * * *"),
        (60, 60, lambda n: f"*/{n} * * * *"),
        (3_600, 24, lambda n: f"0 */{n} * * *"),
    )
    for unit, many, write in forms:
        if total % unit == 0 and total // unit < many and many % (total // unit or many + 1) == 0:
            return write(int(total // unit)).replace("*/1 ", "* ")
    return step
