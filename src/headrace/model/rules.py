"""When a schedule is due: by a cron expression, at an interval, or once. Pure rules over instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.cron import Cron, Fold, Gap
from headrace.model.cron_english import read_english
from headrace.model.durations import format_duration
from headrace.model.zones import find_zone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INTERVAL_MIN = timedelta(milliseconds=100)
"""Ten occurrences a second, each with its entry in the ledger: anything faster is a loop, not a schedule."""

INTERVAL_MAX = timedelta(days=366 * 8)
"""A rule that comes at all comes within eight years: the 29th of February has the longest way."""

_STEP = timedelta(seconds=1)


class Planned(NamedTuple):
    """An occurrence, and what is remarkable about it: a local time that does not exist, or comes twice."""

    at: datetime
    remark: str = ""


class CronRule(Struct, frozen=True, kw_only=True, tag="cron"):
    """By the wall clock of a time zone. ``gap`` and ``fold`` say what happens when that clock is changed."""

    expression: str
    timezone: str = "UTC"
    gap: Gap = "shift"
    fold: Fold = "first"


class EveryRule(Struct, frozen=True, kw_only=True, tag="every"):
    """At ``anchor`` and every ``every`` from there, for ever: it does not drift, and no change of clocks moves it."""

    every: timedelta
    anchor: datetime = EPOCH


class AtRule(Struct, frozen=True, kw_only=True, tag="at"):
    """Once."""

    at: datetime


Rule = CronRule | EveryRule | AtRule


def make_rule(
    when: str | timedelta | datetime,
    *,
    timezone: str = "UTC",
    gap: Gap = "shift",
    fold: Fold = "first",
    anchor: datetime | None = None,
) -> Rule:
    """The rule that ``when`` asks for: a cron expression or simple English, an interval, or an aware datetime.

    Raises ConfigError that names the field, the value, and what would be accepted.

    >>> make_rule("every weekday at 9:00", timezone="Europe/Paris").expression
    '0 9 * * MON-FRI'
    >>> make_rule(timedelta(minutes=10))
    EveryRule(every=datetime.timedelta(seconds=600), anchor=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=...))
    """
    if isinstance(when, datetime):
        return AtRule(at=_aware("when", when))
    if isinstance(when, str):
        when = when if looks_like_cron(when) else read_english(when)
    if isinstance(when, str):
        for name, value, kind in (("gap", gap, Gap), ("fold", fold, Fold)):
            if value not in get_args(kind):
                message = f"{name} is one of {', '.join(get_args(kind))}; got {value!r}"
                raise ConfigError(message)
        return CronRule(expression=Cron(when).expression, timezone=find_zone(timezone).key, gap=gap, fold=fold)
    if not isinstance(when, timedelta):
        message = f"when is a cron expression, simple English, a timedelta or an aware datetime; got {when!r}"
        raise ConfigError(message)
    if not INTERVAL_MIN <= when <= INTERVAL_MAX:
        span = f"from {format_duration(INTERVAL_MIN)} to {INTERVAL_MAX.days} days"
        message = f"an interval is {span}; got {format_duration(when)}"
        raise ConfigError(message)
    return EveryRule(every=when, anchor=EPOCH if anchor is None else _aware("anchor", anchor))


def looks_like_cron(text: str) -> bool:
    """Whether it is meant as a cron expression: nobody begins a sentence with a digit and a space, a star or an ``@``.

    >>> [looks_like_cron(text) for text in ("*/5 * * * *", "@daily", "0 25 * *", "every day", "5m", "5 minutes")]
    [True, True, True, False, False, False]
    """
    words = text.split()
    return text.lstrip().startswith(("@", "*")) or (len(words) > 3 and words[0][:1].isdigit())


def occurrences(rule: Rule, after: datetime) -> Iterator[Planned]:
    """The occurrences after that instant, in order. What was left out is told with the occurrence that follows.

    >>> from itertools import islice
    >>> paris = CronRule(expression="30 2 * * *", timezone="Europe/Paris")
    >>> for planned in islice(occurrences(paris, datetime(2027, 3, 27, 12, tzinfo=UTC)), 2):
    ...     print(planned.at.isoformat(), planned.remark or "as ever")
    2027-03-28T01:00:00+00:00 02:30 does not exist on 2027-03-28: runs at 03:00
    2027-03-29T00:30:00+00:00 as ever
    """
    match rule:
        case CronRule():
            told = ""
            passings = Cron(rule.expression).passings(after, find_zone(rule.timezone), gap=rule.gap, fold=rule.fold)
            for instant, remark in passings:
                told = "; ".join(filter(None, (told, remark)))
                if instant is not None:
                    yield Planned(instant, told)
                    told = ""
        case EveryRule(every=every, anchor=anchor):
            try:
                at = anchor if after < anchor else anchor + ((after - anchor) // every + 1) * every
                while True:
                    yield Planned(at)
                    at += every
            except OverflowError:  # the calendar ends with the year 9999
                return
        case AtRule(at=at) if at > after:
            yield Planned(at)


def next_after(rule: Rule, after: datetime) -> datetime | None:
    """The first occurrence after that instant; None when there is none any more."""
    planned = next(occurrences(rule, after), None)
    return None if planned is None else planned.at


def latest_until(rule: Rule, until: datetime, *, after: datetime) -> datetime | None:
    """The last occurrence up to ``until``, included, and after ``after``; None when there is none.

    It is looked for by halving the time between, so that a rule of every second costs no more than one of every year.

    >>> daily = CronRule(expression="0 3 * * *")
    >>> latest_until(daily, datetime(2030, 1, 9, 3, tzinfo=UTC), after=EPOCH).isoformat()
    '2030-01-09T03:00:00+00:00'
    """

    def come_by(start: datetime) -> datetime | None:
        found = next_after(rule, start)
        return found if found is not None and found <= until else None

    low, step = until, _STEP
    while come_by(low) is None:
        if low <= after or step > INTERVAL_MAX:
            return None
        low, step = max(after, until - step), 2 * step
    high = until
    # An occurrence follows on low, none on high: where the two meet is the last one.
    latest = come_by(low)
    while latest is not None and (following := come_by(latest)) is not None:
        middle = low + (high - low) / 2
        found = come_by(middle)
        if found is None:
            high, latest = middle, following
        else:
            low, latest = middle, found
    return latest


def describe(rule: Rule) -> str:
    """The rule in words.

    >>> describe(CronRule(expression="0 9 * * MON-FRI", timezone="Europe/Paris"))
    'At 09:00 on Monday through Friday (Europe/Paris)'
    >>> describe(EveryRule(every=timedelta(minutes=10)))
    'Every 10m'
    """
    match rule:
        case CronRule():
            return f"{Cron(rule.expression).describe()} ({rule.timezone})"
        case EveryRule(every=every, anchor=anchor):
            return f"Every {format_duration(every)}" + (f", from {anchor.isoformat()}" if anchor != EPOCH else "")
        case AtRule(at=at):
            return f"Once, at {at.isoformat()}"


def local_time(rule: Rule, instant: datetime) -> datetime:
    """The instant as the schedule's wall clock shows it, with its offset."""
    return instant.astimezone(find_zone(rule.timezone)) if isinstance(rule, CronRule) else instant


def _aware(name: str, value: datetime) -> datetime:
    if value.utcoffset() is None:
        message = f"{name} needs a time zone, such as datetime(2027, 1, 31, 9, tzinfo=UTC); got the naive {value!r}"
        raise ConfigError(message)
    return value.astimezone(UTC)
