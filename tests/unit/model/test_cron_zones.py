"""Cron by the wall clock: each change of each zone, against an account that goes minute by minute."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, product, takewhile
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.model.cron import Cron, Fold, Gap
from headrace.model.zones import find_zone, reading_of

MINUTE = timedelta(minutes=1)
ABOUT = 4 * 60
"""Minutes that are looked at before and after a change."""

DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = datetime(2024, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
ODD_YEARS = {"Pacific/Apia": 2011, "Antarctica/Troll": 2005, "Asia/Pyongyang": 2015, "Africa/Casablanca": 2019}
"""A day left out, a change by two hours, one by half an hour, and four changes a year."""

GAPS: tuple[Gap, ...] = get_args(Gap)
FOLDS: tuple[Fold, ...] = get_args(Fold)


class Change(NamedTuple):
    """An instant at which a zone's offset changes."""

    at: datetime
    zone: str

    @property
    def gap(self) -> bool:
        return self.offset(self.at) > self.offset(self.at - MINUTE)

    def offset(self, instant: datetime) -> timedelta:
        offset = instant.astimezone(find_zone(self.zone)).utcoffset()
        assert offset is not None
        return offset


def changes_of(name: str, first: datetime, last: datetime) -> list[Change]:
    zone = find_zone(name)
    found, day = [], first
    while day < last:
        if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset():
            low, high = day, day + DAY
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                if middle.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
                    high = middle
                else:
                    low = middle
            found.append(Change(high, name))
        day += DAY
    return found


@cache
def all_changes() -> list[Change]:
    """The changes of every zone in the tz database within four years; zones that change alike count once."""
    unique: dict[tuple[datetime, timedelta, timedelta], Change] = {}
    for name in sorted(available_timezones()):
        for change in changes_of(name, FIRST_DAY, LAST_DAY):
            unique.setdefault((change.at, change.offset(change.at - MINUTE), change.offset(change.at)), change)
    for name, year in ODD_YEARS.items():
        for change in changes_of(name, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)):
            unique[change.at, change.offset(change.at - MINUTE), change.offset(change.at)] = change
    return list(unique.values())


class Shown(NamedTuple):
    """What the wall clock shows at an instant, and whether it shows the same before or afterwards."""

    instant: datetime
    wall: datetime
    again: bool
    twice: bool


@cache
def shown_around(change: Change) -> list[Shown]:
    """The wall clock of four hours before and after a change, minute by minute."""
    zone = find_zone(change.zone)
    instants = [change.at + minute * MINUTE for minute in range(-ABOUT + 1, ABOUT + 1)]
    local = [instant.astimezone(zone) for instant in instants]
    walls = [each.replace(tzinfo=None, fold=0) for each in local]
    seen = Counter(walls)
    return [
        Shown(instant, wall, bool(each.fold), seen[wall] > 1)
        for instant, wall, each in zip(instants, walls, local, strict=True)
    ]


def account(minutes: set[int], hours: set[int], change: Change, gap: Gap, fold: Fold) -> list[datetime]:
    """What has to happen around a change, found by looking at every minute."""

    def fits(wall: datetime) -> bool:
        return wall.minute in minutes and wall.hour in hours

    expected = {
        each.instant
        for each in shown_around(change)
        if fits(each.wall) and (not each.twice or fold == "both" or each.again == (fold == "second"))
    }
    if gap == "shift":
        zone = find_zone(change.zone)
        left_out, resumed = reading_of(change.at - MINUTE, zone) + MINUTE, reading_of(change.at, zone)
        while left_out < resumed:
            if fits(left_out):
                expected.add(change.at)
            left_out += MINUTE
    return sorted(expected)


def happened(expression: str, change: Change, gap: Gap, fold: Fold) -> list[datetime]:
    begin, end = change.at - ABOUT * MINUTE, change.at + ABOUT * MINUTE
    passings = Cron(expression).passings(begin, find_zone(change.zone), gap=gap, fold=fold)
    instants = (each.instant for each in passings if each.instant is not None)
    return list(takewhile(lambda instant: instant <= end, instants))


def test_there_are_changes_of_both_kinds() -> None:
    kinds = [change.gap for change in all_changes()]
    assert kinds.count(True) > 20
    assert kinds.count(False) > 20


def test_a_time_of_day_keeps_its_policy_at_each_change_of_each_zone() -> None:
    for change in all_changes():
        zone = find_zone(change.zone)
        # A time that the change leaves out, or that comes twice because of it.
        about = min(reading_of(change.at - MINUTE, zone), reading_of(change.at, zone)) + 16 * MINUTE
        for gap, fold in product(GAPS, FOLDS):
            told = happened(f"{about.minute} {about.hour} * * *", change, gap, fold)
            assert told == account({about.minute}, {about.hour}, change, gap, fold), (change, gap, fold)


def test_a_rhythm_goes_on_through_each_change_of_each_zone() -> None:
    for change, minutes in product(all_changes(), (30, 15, 7)):
        told = happened(f"*/{minutes} * * * *", change, "shift", "first")
        assert told == account(set(range(0, 60, minutes)), set(range(24)), change, "skip", "both"), change


@settings(deadline=None)  # the first to come looks at every zone
@given(
    number=st.integers(0, 10_000),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=6),
    gap=st.sampled_from(GAPS),
    fold=st.sampled_from(FOLDS),
)
def test_any_times_of_day_keep_their_policy(
    number: int, minutes: set[int], hours: set[int], gap: Gap, fold: Fold
) -> None:
    change = all_changes()[number % len(all_changes())]
    expression = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    assert happened(expression, change, gap, fold) == account(minutes, hours, change, gap, fold)


@settings(deadline=None)
@given(zone=st.sampled_from(sorted(available_timezones())), day=st.dates(date(2024, 1, 1), date(2040, 1, 1)))
def test_daily_means_once_a_day_in_every_zone(zone: str, day: date) -> None:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    passings = Cron("30 2 * * *").passings(noon, ZoneInfo(zone), gap="shift", fold="first")
    readings = [reading_of(each.instant, ZoneInfo(zone)).date() for each in islice(passings, 40) if each.instant]
    assert len(set(readings)) == len(readings) == 40
