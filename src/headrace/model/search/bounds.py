"""What a query says about the jobs it can match, in words that an index understands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from headrace.model.job import JobState
from headrace.model.page import JobQuery
from headrace.model.search.matching import resolve
from headrace.model.search.tree import And, Between, Compare, Is, Query, Term


class Bounds(NamedTuple):
    """The states, ids and times of enqueuing outside of which nothing matches; None: the query does not say."""

    states: frozenset[JobState] | None = None
    ids: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


def bounds_of(query: JobQuery, now: datetime) -> Bounds:
    """The narrowest that all given fields and all parts of ``where`` allow."""
    states = frozenset(query.states) if query.states else None
    bounds = Bounds(states=states, since=query.since, until=query.until)
    where = query.where
    parts: tuple[Query, ...] = where.parts if isinstance(where, And) else (where,) if where is not None else ()
    for part in parts:
        if isinstance(part, Term):
            bounds = _narrowed(bounds, part, now)
    return bounds


def _narrowed(bounds: Bounds, term: Term, now: datetime) -> Bounds:
    exact = tuple(str(test.value) for test in term.tests if isinstance(test, Is))
    if term.field == "state":
        states = frozenset(JobState(value) for value in exact)
        return bounds._replace(states=states if bounds.states is None else bounds.states & states)
    if term.field == "id" and len(exact) == len(term.tests):
        return bounds._replace(ids=exact)
    if term.field == "enqueued" and len(term.tests) == 1:
        match term.tests[0]:
            case Compare(operator=">" | ">=", value=value):
                return bounds._replace(since=_tighter(max, bounds.since, resolve(value, now)))
            case Compare(operator="<", value=value):
                return bounds._replace(until=_tighter(min, bounds.until, resolve(value, now)))
            case Between(low=low, high=high):
                since = _tighter(max, bounds.since, resolve(low, now))
                return bounds._replace(since=since, until=_tighter(min, bounds.until, resolve(high, now)))
            case _:
                pass
    return bounds


def _tighter(choose: Callable[..., datetime], one: datetime | None, other: datetime) -> datetime:
    return other if one is None else choose(one, other)
