"""The language of searches: what it takes, what it refuses and how it points, and that writing undoes reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.queries import queries

from headrace.errors import QueryError
from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
from headrace.model.search import FIELDS, Query, format_query, matches, parse
from headrace.model.search.asked import NOTHING, answered, asked_terms, widened
from headrace.model.search.fields import ASKED, SHORTHANDS
from headrace.model.search.parser import QUERY_DEPTH_MAX, QUERY_TERMS_MAX
from headrace.model.search.tree import EVERYTHING, And, Compare, Is, Loose, Not, Or, Term, Text

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


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
        ("why:pausd", "why: no reason 'pausd'. Did you mean 'paused'?", "pausd"),
        ("why:>paused", "name it, as in why:paused", ">paused"),
        ("caused-by:op-1..op-2", "name it, as in caused-by:op-", "op-1..op-2"),
        ("run:p95", "compare with a percentile, as in run:>p95", "p95"),
        ("wait:>p95", "wait: 'p95' is no duration", "p95"),
        ("caused-bye:op-1", "no field 'caused-bye'. Did you mean 'caused-by'?", "caused-bye"),
        ("queue:mail why:paused", "which only lists of jobs do", "why:paused"),
        ("run:>p95 queue:mail", "which only lists of jobs do", "run:>p95 "),
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


@pytest.mark.parametrize("field", [*FIELDS, *SHORTHANDS, *ASKED])
def test_the_example_of_each_field_can_be_read(field: str) -> None:
    example = {**FIELDS, **SHORTHANDS, **ASKED}[field].example
    assert field in example
    assert parse(example, asked=field in ASKED) != EVERYTHING


asked = st.sampled_from(
    [
        Term("why", (Is("paused"), Is("retry"))),
        Term("caused-by", (Is("op-1"),)),
        Term("run", (Compare(">", Loose("p95")),)),
    ]
)


@st.composite
def queries_that_ask(draw: st.DrawFn) -> Query:
    """Queries in which at least one term is asked of more than the job."""
    parts = (draw(asked), Not(draw(queries)), draw(st.one_of(asked, asked.map(Not))))
    found: Query = And(parts) if draw(st.booleans()) else Or(parts)
    return Not(found) if draw(st.booleans()) else found


@given(queries_that_ask())
def test_what_asks_reads_back_too_and_is_asked_for_by_lists_alone(query: Query) -> None:
    assert parse(format_query(query), asked=True) == query
    with pytest.raises(QueryError):
        parse(format_query(query))


@given(queries_that_ask(), st.data())
def test_a_widened_query_fits_whatever_the_answers_let_fit(query: Query, data: st.DataObject) -> None:
    found = widened(query)
    assert asked_terms(found) == []
    state = data.draw(st.sampled_from(JobState))

    def answer(term: Term) -> Query:
        # A reason is only ever that of a job in the state that it is of.
        possible = term.field != "why" or state in (JobState.QUEUED, JobState.SCHEDULED)
        return EVERYTHING if possible and data.draw(st.booleans()) else NOTHING

    told = answered(query, answer)
    assert asked_terms(told) == []
    job = Job(
        id=JobId("1"), task="mail.send", payload=b"{}", codec="json", queue="mail", priority=5, state=state, attempt=1,
        max_attempts=3, claims=1, enqueued_at=NOON, run_at=NOON,
    )  # fmt: skip
    assert matches(found, job, NOON) or not matches(told, job, NOON)
