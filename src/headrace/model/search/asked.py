"""Terms that no job answers by itself: ``why:paused``, ``caused-by:op-...``, ``run:>p95``.

No store is handed such a term. Who lists jobs finds out what it needs, and replaces the term: by others that mean the
same, or, where each job has to be asked by itself, first by what every job that can fit passes (``widened``) and then,
for each job that was found so, by its answer (``answered``).
"""

from __future__ import annotations

from collections.abc import Callable

from headrace.model.search.fields import ASKED, WHY_WORDS
from headrace.model.search.tree import EVERYTHING, And, Compare, Is, Loose, Not, Or, Query, Term

NOTHING = Not(EVERYTHING)


def is_asked(term: Term) -> bool:
    """Whether the term is to be asked of more than the job."""
    return term.field in ASKED or is_percentile(term)


def is_percentile(term: Term) -> bool:
    """Whether the term compares the run time with those of others."""
    return term.field == "run" and any(
        isinstance(test, Compare) and isinstance(test.value, Loose) for test in term.tests
    )


def asked_terms(query: Query) -> list[Term]:
    """The terms that are to be asked, each as often as it is there."""
    match query:
        case Term():
            return [query] if is_asked(query) else []
        case And(parts=parts) | Or(parts=parts):
            return [term for part in parts for term in asked_terms(part)]
        case Not(part=part):
            return asked_terms(part)
        case _:
            return []


def answered(query: Query, answer: Callable[[Term], Query]) -> Query:
    """The query with ``answer`` in the place of each term that is to be asked."""
    return _replaced(query, lambda term, _: answer(term), positive=True)


def widened(query: Query) -> Query:
    """A query without such terms, that every job fits which fits this one, whatever the answers are.

    >>> from headrace.model.search.parser import parse
    >>> from headrace.model.search.formatting import format_query
    >>> format_query(widened(parse("queue:mail why:paused,retry", asked=True)))
    'queue:mail state:queued,scheduled'
    """
    return _replaced(query, lambda term, positive: _widest(term) if positive else NOTHING, positive=True)


def codes_of(term: Term) -> frozenset[str]:
    """The codes of explanations that a ``why`` names."""
    return frozenset[str]().union(*(WHY_WORDS[str(test.value)] for test in term.tests if isinstance(test, Is)))


def _widest(term: Term) -> Query:
    """A reason is of one state, which an index leads to."""
    if term.field != "why":
        return EVERYTHING
    return Term("state", tuple(Is(state) for state in sorted({code.partition(".")[0] for code in codes_of(term)})))


def _replaced(query: Query, by: Callable[[Term, bool], Query], *, positive: bool) -> Query:
    match query:
        case Term() if is_asked(query):
            return by(query, positive)
        case And(parts=parts):
            return And(tuple(_replaced(part, by, positive=positive) for part in parts))
        case Or(parts=parts):
            return Or(tuple(_replaced(part, by, positive=positive) for part in parts))
        case Not(part=part):
            return Not(_replaced(part, by, positive=not positive))
        case _:
            return query
