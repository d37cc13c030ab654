"""Failures in groups: what every store that counts them along an index goes by."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from headrace.model.errors import ErrorGroup
from headrace.model.page import JobQuery
from headrace.model.search.tree import And, Is, Term

LOOKED_AT = 50
"""Of a group that is counted, so many of the newest jobs and so many of the oldest are looked at, in each state: fifty
groups are told within some ten milliseconds, however many jobs have failed."""


def fingerprints_asked(query: JobQuery) -> tuple[str, ...] | None:
    """The groups that are asked for whole: those of some fingerprints, or all, where it is empty.

    None for a search that takes some jobs out of their groups, so that each has to be looked at.

    >>> fingerprints_asked(JobQuery()), fingerprints_asked(JobQuery(queues=("mail",)))
    ((), None)
    >>> fingerprints_asked(JobQuery(where=Term("fingerprint", (Is("0123456789ab"),))))
    ('0123456789ab',)
    """
    if replace(query, where=None, scan=JobQuery().scan, patience=None) != JobQuery():
        return None
    match query.where:
        case None | And(()):
            return ()
        case Term("fingerprint", tests) if all(isinstance(test, Is) for test in tests):
            return tuple(str(test.value) for test in tests if isinstance(test, Is))
    return None


def in_order(groups: Iterable[ErrorGroup]) -> list[ErrorGroup]:
    """The most deadly first, and of equal ones that which was seen last."""
    by_name = sorted(groups, key=lambda group: group.fingerprint)
    return sorted(by_name, key=lambda group: (group.dead, group.retrying, group.last_seen), reverse=True)
