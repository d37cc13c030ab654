"""The language of searches: what it takes, what it refuses and how it points, and that writing undoes reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.queries import queries

from headrace.errors import QueryError
from headrace.model.search import FIELDS, Query, format_query, parse
from headrace.model.search.fields import SHORTHANDS
from headrace.model.search.parser import QUERY_DEPTH_MAX, QUERY_TERMS_MAX
from headrace.model.search.tree import EVERYTHING, And, Or, Text


@given(queries)
def test_what_is_written_reads_back_as_the_same_query(query: Query) -> None:
    assert parse(format_query(query)) == query


@given(queries)
def test_there_is_one_way_of_writing_a_query(query: Query) -> None:
    text = format_query(query)
    assert format_query(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("  ", ""),
        ("state:DEAD", "state:dead"),
        ("state:failed", "state:dead,expired"),
        ("state:ended,dead", "state:cancelled,dead,expired,succeeded"),
        ("since:2h until:now", "enqueued:>=7200s enqueued:<0s"),
        ("enqueued:2025-01-31", "enqueued:2025-01-31T00:00:00Z..2025-02-01T00:00:00Z"),
        ("enqueued:>2025-01-31", "enqueued:>=2025-02-01T00:00:00Z"),
        ("enqueued:2025-01-31..2025-02-01", "enqueued:2025-01-31T00:00:00Z..2025-02-02T00:00:00Z"),
        ("started:10m", "started:>=600s"),
        ("due:<+1h", "due:<+3600s"),
        ("due:2025-01-31T09:00:00+01:00", "due:>=2025-01-31T08:00:00Z"),
        ("wait:5m", "wait:>=300s"),
        ("run:..1.5s", "run:<=1.500000s"),
        ("attempt:3..", "attempt:>=3"),
        ("task:mail.*,=x*", 'task:mail.*,"x*"'),
        ("error:timeout", "error:~timeout"),
        ("a AND b", "a b"),
        ("a b OR c", "a b OR c"),
        ("(a OR b) c", "(a OR b) c"),
        ("NOT (a b)", "-(a b)"),
        ("--a", "--a"),
        ("and or not", "and or not"),
        ('"OR" "tag:x"', '"OR" "tag:x"'),
        ('args.a.0.b-c:"say \\"hi\\""', 'args.a.0.b-c:"say \\"hi\\""'),
    ],
)
def test_texts_mean_what_they_are_written_as(text: str, written: str) -> None:
    assert format_query(parse(text)) == written


def test_or_binds_less_than_standing_side_by_side() -> None:
    assert parse("a b OR c") == Or((And((Text("a"), Text("b"))), Text("c")))


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ("state:dead que:mail", "no field 'que'. Did you mean 'queue'?", "que"),
        ("http://x", "To search for the text itself, quote it", "http"),
        ("state:daed", "no state 'daed'. Did you mean 'dead'?", "daed"),
        ("state:>dead", "states have no order", ">dead"),
        ("queue:", "queue needs a value", ":"),
        ("queue: mail", "queue needs a value", ":"),
        ("queue:a,", "queue needs a value", ","),
        ("queue.x:1", "'queue' has no parts", "queue.x"),
        ("args:1", "say which of them, as in args.user.id:42", "args:"),
        ("attempt:many", "attempt: 'many' is no whole number", "many"),
        ("wait:>5", "wait: '5' is no duration", "5"),
        ("since:yesterday", "since: 'yesterday' is no time", "yesterday"),
        ("since:2025-01-31T09:00:00", "has no time zone", "2025-01-31T09:00:00"),
        ("since:2025-13-31", "is no time", "2025-13-31"),
        ("queue:>a", "text has no order here", ">a"),
        ("priority:~1", "~ looks into text", "~1"),
        ("started:~1h", "~ looks into text", "~1h"),
        ("(state:dead", "this '(' is not closed", "("),
        ("state:dead)", "there is no '(' for this ')'", ")"),
        ("()", "something to search for is missing here", ")"),
        ("a OR", "something to search for is missing here", ""),
        ("OR a", "something to search for is missing here", "O"),
        ('tag:"x', "this quote is not closed", '"'),
        ('tag:"x"y', "a value ends here", "y"),
        ("x" * 5_000, "a query has at most 4000 letters", "x"),
        (" ".join(["a"] * (QUERY_TERMS_MAX + 1)), f"at most {QUERY_TERMS_MAX} terms", "a"),
        ("(" * (QUERY_DEPTH_MAX + 2) + "a", "nested more than", "("),
        ("-" * 60 + "a", "too many negations", "-"),
    ],
)
def test_a_mistake_is_named_and_pointed_at(text: str, reason: str, at: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert reason in caught.value.reason
    assert text[caught.value.start : caught.value.end] == at
    query, mark = caught.value.pointer.splitlines()
    assert query.removeprefix("  ") == text
    assert mark.index("^") - 2 == caught.value.start


@pytest.mark.parametrize("field", [*FIELDS, *SHORTHANDS])
def test_the_example_of_each_field_can_be_read(field: str) -> None:
    example = {**FIELDS, **SHORTHANDS}[field].example
    assert field in example
    assert parse(example) != EVERYTHING
