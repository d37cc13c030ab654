"""Durations: words, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import ConfigError
from headrace.model.durations import DURATION_MAX, days, format_duration, hours, minutes, parse_duration, seconds
from headrace.model.queue import Retention


def test_the_words_mean_what_they_say() -> None:
    assert days(1) == hours(24) == minutes(24 * 60) == seconds(86_400)


@given(st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)]), st.integers(0, 5_000))
def test_a_number_and_a_unit_are_read(unit: tuple[str, int], count: int) -> None:
    letter, size = unit
    assert parse_duration(f"{count}{letter}") == timedelta(seconds=count * size)


@pytest.mark.parametrize("text", ["5300w", "36526d", "99999999999999999999s"])
def test_what_is_longer_than_a_hundred_years_is_refused(text: str) -> None:
    assert parse_duration("36525d") == DURATION_MAX
    with pytest.raises(ConfigError, match="longer than a hundred years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta.max, "dead is at most a hundred years"),
        (days(-1), "dead must not be negative"),
        (5, "is a timedelta"),
    ],
)
def test_what_is_kept_for_no_length_of_time_is_refused_before_it_stops_all_pruning(value: Any, told: str) -> None:
    assert Retention(dead=DURATION_MAX).dead == DURATION_MAX
    with pytest.raises(ConfigError, match=told):
        Retention(dead=value)


@given(st.integers(0, 23), st.integers(0, 59))
def test_hours_and_minutes_are_written_so_that_they_can_be_read(hour: int, minute: int) -> None:
    duration = timedelta(hours=hour, minutes=minute)
    assert parse_duration(format_duration(duration)) == duration


@given(st.timedeltas(timedelta(0), timedelta(days=10_000)))
def test_what_is_written_for_people_is_never_further_off_than_its_smallest_unit(duration: timedelta) -> None:
    read = parse_duration(format_duration(duration))
    assert abs(read - duration) <= max(timedelta(milliseconds=51), duration / 20)


@pytest.mark.parametrize("text", ["", "5", "5 apples", "m5", "-5m", "1h 30m", "1.5.5s"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is not a duration\. Write a number and a unit, such as 30s"):
        parse_duration(text)
