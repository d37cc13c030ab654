"""From the words after a field's colon to tests, by the kind of the field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from headrace.errors import ConfigError
from headrace.model.durations import ZERO, parse_duration
from headrace.model.search.fields import ASKED, STATE_WORDS, WHY_WORDS, Kind
from headrace.model.search.tree import Ago, At, Between, Compare, Contains, Is, Like, Loose, Operator, Test, Value
from headrace.model.sizes import parse_size

_DAY = timedelta(days=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d{1,18}")

PERCENTILE = re.compile(r"p([1-9]\d?)")
"""``p95``: what 95 of a hundred stay below."""


class Atom(NamedTuple):
    """One value as it was written, and where."""

    text: str
    quoted: bool
    start: int
    end: int

    @property
    def is_pattern(self) -> bool:
        """Whether its ``*`` and ``?`` stand for other text: in quotes they do not."""
        return not self.quoted and ("*" in self.text or "?" in self.text)


class Item(NamedTuple):
    """One alternative: a value, perhaps after an operator, or a range (``first..second``, either may be open)."""

    operator: str | None
    first: Atom | None
    second: Atom | None
    is_range: bool
    start: int
    end: int


class Refusal(Exception):
    """A value that the field cannot take; says what it can."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


def read_items(name: str, kind: Kind, items: Sequence[Item]) -> tuple[Test, ...]:
    """The tests for a field. Raises Refusal."""
    if kind is Kind.STATE:
        return _states(items)
    if name in ASKED:
        return tuple(_asked(name, item) for item in items)
    return tuple(_test(name, kind, item) for item in items)


def _states(items: Sequence[Item]) -> tuple[Test, ...]:
    names: dict[str, None] = {}
    for item in items:
        if item.operator not in (None, "=") or item.is_range or item.first is None:
            raise Refusal("states have no order; name them, as in state:dead,expired", item.start, item.end)
        states = STATE_WORDS.get(item.first.text.lower())
        if states is None:
            near = get_close_matches(item.first.text.lower(), STATE_WORDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(STATE_WORDS)}"
            raise Refusal(f"no state {item.first.text!r}. {hint}", item.first.start, item.first.end)
        names.update(dict.fromkeys(sorted(states)))
    return tuple(Is(str(name)) for name in names)


def _asked(name: str, item: Item) -> Test:
    """Named exactly: there is no pattern, and no order."""
    if item.operator not in (None, "=") or item.is_range or item.first is None:
        raise Refusal(f"name it, as in {ASKED[name].example}", item.start, item.end)
    word = item.first.text
    if name == "why" and word not in WHY_WORDS:
        near = get_close_matches(word, WHY_WORDS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(WHY_WORDS)}"
        raise Refusal(f"no reason {word!r}. {hint}", item.first.start, item.first.end)
    return Is(word)


def _percentile(item: Item) -> Test:
    """``>p95``: more than nearly all jobs of the task take."""
    assert item.first is not None
    if item.operator not in (">", ">=", "<", "<="):
        raise Refusal("compare with a percentile, as in run:>p95", item.start, item.end)
    return Compare(_ordering(item.operator), Loose(item.first.text))


def _test(name: str, kind: Kind, item: Item) -> Test:
    if kind is Kind.TIME:
        return _time_test(name, item)
    if kind in (Kind.TEXT, Kind.WORDS):
        return _text_test(kind, item)
    if name == "run" and item.first is not None and PERCENTILE.fullmatch(item.first.text):
        return _percentile(item)
    if item.is_range:
        return _range(kind, item)
    assert item.first is not None
    if item.operator == "~" or (kind is Kind.JSON and item.first.is_pattern and item.operator is None):
        if kind is not Kind.JSON:
            raise Refusal("~ looks into text, and this is none", item.start, item.end)
        return Contains(item.first.text) if item.operator == "~" else Like(item.first.text)
    value = _value(kind, item.first)
    if item.operator is None and kind in (Kind.DURATION, Kind.SIZE):
        return Compare(">=", value)
    return Is(value) if item.operator in (None, "=") else Compare(_ordering(item.operator), value)


def _text_test(kind: Kind, item: Item) -> Test:
    if item.is_range or item.operator in (">", ">=", "<", "<="):
        raise Refusal(
            "text has no order here; write the value, a pattern with *, or ~ and a part", item.start, item.end
        )
    assert item.first is not None
    if item.operator == "~":
        return Contains(item.first.text)
    if item.operator is None and item.first.is_pattern:
        return Like(item.first.text)
    if item.operator is None and kind is Kind.WORDS:
        return Contains(item.first.text)
    return Is(item.first.text)


def _range(kind: Kind, item: Item) -> Test:
    low = None if item.first is None else _value(kind, item.first)
    high = None if item.second is None else _value(kind, item.second)
    if low is None:
        assert high is not None
        return Compare("<=", high)
    return Compare(">=", low) if high is None else Between(low, high)


def _value(kind: Kind, atom: Atom) -> Value:
    if kind is Kind.JSON:
        return atom.text if atom.quoted else Loose(atom.text)
    if kind is Kind.NUMBER:
        if not _NUMBER.fullmatch(atom.text):
            raise Refusal(f"{atom.text!r} is no whole number", atom.start, atom.end)
        return int(atom.text)
    if kind is Kind.SIZE:
        return _size(atom)
    try:
        return parse_duration(atom.text)
    except (ConfigError, OverflowError):
        raise Refusal(f"{atom.text!r} is no duration. Write 90s, 5m or 2h", atom.start, atom.end) from None


def _size(atom: Atom) -> int:
    try:
        return parse_size(atom.text)
    except ConfigError:
        raise Refusal(f"{atom.text!r} is no size. Write bytes, 10kB or 1MiB", atom.start, atom.end) from None


def _time_test(name: str, item: Item) -> Test:
    """A date means its whole day, so the sides of a comparison lie at its beginning or at its end."""
    if item.is_range:
        low = None if item.first is None else _instant(item.first)[0]
        high = None if item.second is None else _instant(item.second)[1]
        if low is None:
            assert high is not None
            return Compare("<", high)
        return Compare(">=", low) if high is None else Between(low, high)
    assert item.first is not None
    begin, end = _instant(item.first)
    if name == "since":
        return Compare(">=", begin)
    if name == "until":
        return Compare("<", begin)
    match item.operator:
        case None | "=":
            return Compare(">=", begin) if begin == end else Between(begin, end)
        case ">" if begin != end:
            return Compare(">=", end)
        case "<=" if begin != end:
            return Compare("<", end)
        case "~":
            raise Refusal("~ looks into text, and this is a time", item.start, item.end)
        case operator:
            return Compare(_ordering(operator), begin)


def _instant(atom: Atom) -> tuple[Ago | At, Ago | At]:
    """An instant, twice, or the two ends of a day in UTC."""
    text = atom.text
    try:
        if text == "now":
            return Ago(ZERO), Ago(ZERO)
        if _DATE.fullmatch(text):
            midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
            return At(midnight), At(midnight + _DAY)
        if text.startswith("+"):
            ahead = Ago(-parse_duration(text[1:]))
            return ahead, ahead
        if "T" in text.upper() and "-" in text:
            return _aware(atom)
        ago = Ago(parse_duration(text))
    except (ConfigError, ValueError, OverflowError):
        message = f"{text!r} is no time. Write 2h for two hours ago, a date, or an instant such as 2025-01-31T09:00:00Z"
        raise Refusal(message, atom.start, atom.end) from None
    return ago, ago


def _aware(atom: Atom) -> tuple[At, At]:
    instant = datetime.fromisoformat(atom.text)
    if instant.utcoffset() is None:
        raise Refusal(f"{atom.text!r} has no time zone. End it with Z for UTC, or +01:00", atom.start, atom.end)
    at = At(instant.astimezone(UTC))
    return at, at


def _ordering(operator: str) -> Operator:
    assert operator in (">", ">=", "<", "<=")
    return operator  # type: ignore[return-value]
