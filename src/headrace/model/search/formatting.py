"""From a query back to text: ``parse(format_query(query))`` is the query."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

from headrace.model.search.fields import Kind, kind_of
from headrace.model.search.tree import (
    Ago,
    And,
    At,
    Between,
    Compare,
    Contains,
    Is,
    Like,
    Loose,
    Not,
    Or,
    Query,
    Term,
    Test,
    Text,
    Value,
)

_PLAIN = re.compile(r"[\w@/][\w@/.:+-]*")
_PLAIN_TEXT = re.compile(r"\w[\w.@/+-]*")
_MICROSECOND = timedelta(microseconds=1)


def format_query(query: Query) -> str:
    """The query as text, in one way of writing it.

    >>> from headrace.model.search.parser import parse
    >>> format_query(parse("(state:dead) AND NOT since:2h"))
    'state:dead -enqueued:>=7200s'
    """
    match query:
        case And(parts=parts):
            return " ".join(_inside(part, Or) for part in parts)
        case Or(parts=parts):
            return " OR ".join(_inside(part) for part in parts)
        case Not(part=part):
            return f"-{_inside(part, Or, And)}"
        case Text(text=text):
            bare = _PLAIN_TEXT.fullmatch(text) and text not in ("AND", "OR", "NOT")
            return text if bare else quoted(text)
        case Term(field=field, tests=tests, path=path):
            kind = kind_of(field)
            return f"{'.'.join((field, *path))}:{','.join(_test(kind, test) for test in tests)}"


def _inside(query: Query, *in_parentheses: type[Query]) -> str:
    text = format_query(query)
    return f"({text})" if isinstance(query, in_parentheses) else text


def _test(kind: Kind, test: Test) -> str:
    match test:
        case Is(value=value):
            # Without the sign, a word after error: or reason: would be looked for inside the text.
            return f"{'=' if kind in (Kind.WORDS, Kind.DURATION, Kind.SIZE) else ''}{_value(kind, value)}"
        case Like(pattern=pattern):
            return pattern
        case Contains(text=text):
            return f"~{_value(kind, text)}"
        case Compare(operator=operator, value=value):
            return f"{operator}{_value(kind, value)}"
        case Between(low=low, high=high):
            return f"{_value(kind, low)}..{_value(kind, high)}"


def _value(kind: Kind, value: Value) -> str:
    match value:
        case str():
            # In JSON a word without quotes could be a number as well.
            bare = kind is not Kind.JSON and _PLAIN.fullmatch(value) and ".." not in value
            return value if bare else quoted(value)
        case int():
            return str(value)
        case Loose(text=text):
            return text
        case timedelta():
            return _duration(value)
        case Ago(duration=duration):
            return _duration(duration) if duration >= timedelta(0) else f"+{_duration(-duration)}"
        case At(instant=instant):
            return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _duration(duration: timedelta) -> str:
    """Exact, unlike what is made for people."""
    microseconds = duration // _MICROSECOND
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{seconds}.{rest:06}s".replace(".000000s", "s")


def quoted(text: str) -> str:
    """A text as it is written in a search to mean exactly itself: spaces, stars and commas included."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
