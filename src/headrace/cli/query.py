"""Searches on the command line. One language for every command that lists or changes jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headrace.cli.faults import did_you_mean, usage
from headrace.errors import QueryError

if TYPE_CHECKING:
    from headrace.model.search import Query

STATES = ("scheduled", "queued", "waiting", "running", "succeeded", "dead", "cancelled", "expired")
"""The states of a job, spelled out so that help does not have to import the model; a test compares."""


def read_query(terms: Iterable[str], *, asked: bool = False) -> Query:
    """Read the words of a command line as one search. Raises a usage fault that points at the place.

    ``asked`` allows what only lists of jobs understand, such as ``why:paused``.

    >>> from headrace.model.search import format_query
    >>> format_query(read_query(["state:dead,expired", "queue:mail"]))
    'state:dead,expired queue:mail'
    """
    from headrace.model.search import parse

    try:
        return parse(" ".join(terms), asked=asked)
    except QueryError as error:
        word = error.query[error.start : error.end]
        reason, _, near = error.reason.partition(". Did you mean ")
        notes = [f"did you mean {near}"] if near else []
        raise usage(reason, code="20", word=word, notes=notes, fixes=["headrace help query"]) from None


def check_states(states: Iterable[str]) -> None:
    """Raise a usage fault for a state that there is not."""
    for state in states:
        if state not in STATES:
            notes = did_you_mean(state, STATES, what="states")
            raise usage(f"no state {state!r}", code="22", word=state, notes=notes)
