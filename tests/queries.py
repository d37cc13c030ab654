"""Queries for property tests, drawn as trees: any that the parser can make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from headrace.model.job import JobState
from headrace.model.search.fields import FIELDS, Kind
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

letters = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.one_of(
    st.sampled_from(
        ["mail", "mail.send", "MAIL", "é", "vip", "w-1", "refused", "", "1", "true", "[x]", "a b", '"', "\\"]
    ),
    st.text(letters, max_size=6),
)
patterns = st.text("mailsend*?.-[]éA1", min_size=1, max_size=6).filter(
    lambda text: ("*" in text or "?" in text) and ".." not in text
)
loose = st.one_of(
    st.sampled_from(["1", "1.5", "-3", "2e3", "true", "false", "null", "ada", "9223372036854775808", "1e999", "42"]),
    st.text("ab1.é-", min_size=1, max_size=4).filter(lambda text: ".." not in text),
).map(Loose)
operators = st.sampled_from([">", ">=", "<", "<="])
steps = st.sampled_from(["n", "user", "id", "0", "1", "é", "a-b", "none"])
durations = st.one_of(
    st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(hours=1)]),
    st.timedeltas(timedelta(0), timedelta(days=9_999)),
)
moments = st.one_of(
    st.timedeltas(timedelta(days=-99), timedelta(days=99)).map(Ago),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)).map(At),  # noqa: DTZ001
)


def _ordered(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Test]:
    return st.one_of(st.builds(Compare, operators, values), st.builds(Between, values, values))


_TESTS: dict[Kind, st.SearchStrategy[Test]] = {
    Kind.STATE: st.sampled_from([state.value for state in JobState]).map(Is),
    Kind.TEXT: st.one_of(texts.map(Is), patterns.map(Like), texts.map(Contains)),
    Kind.WORDS: st.one_of(texts.map(Is), patterns.map(Like), texts.map(Contains)),
    Kind.NUMBER: st.one_of(st.integers(-5, 10).map(Is), _ordered(st.integers(-5, 10))),
    Kind.TIME: _ordered(moments),
    Kind.DURATION: st.one_of(durations.map(Is), _ordered(durations)),
    Kind.SIZE: st.one_of(st.integers(0, 90).map(Is), _ordered(st.integers(0, 90))),
    Kind.JSON: st.one_of(
        loose.map(Is), texts.map(Is), patterns.map(Like), texts.map(Contains), _ordered(loose), _ordered(texts)
    ),
}


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """One field with one or two tests. A state is named once, as the parser does it."""
    field = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[field].kind
    tests = draw(st.lists(_TESTS[kind], min_size=1, max_size=2, unique=kind is Kind.STATE))
    path = draw(st.lists(steps, min_size=1, max_size=2)) if kind is Kind.JSON else []
    return Term(field, tuple(tests), tuple(path))


def _joined(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    """Parts that are joined the same way are not nested: the parser makes them one."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        parts.map(Not),
        several.map(lambda each: And(_flat(And, each))),
        several.map(lambda each: Or(_flat(Or, each))),
    )


def _flat(kind: type[And] | type[Or], parts: tuple[Query, ...]) -> tuple[Query, ...]:
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))


queries: st.SearchStrategy[Query] = st.recursive(st.one_of(terms(), texts.map(Text)), _joined, max_leaves=6)
