"""Failures in groups, by the fingerprint that is kept with each job."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec
from msgspec.structs import replace

from headrace.backends.sqlite.finding import Search, at_once
from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.job import Job, JobState
from headrace.model.page import JobQuery
from headrace.storage.finding import Found
from headrace.storage.grouping import LOOKED_AT, fingerprints_asked, in_order

_FAILING = "j.fingerprint = {name} AND j.state = '{state}' AND j.state IN ('dead', 'scheduled', 'queued')"
"""In the words by which SQLite knows that the index of failing jobs leads there."""
_STATES = (JobState.DEAD, JobState.SCHEDULED, JobState.QUEUED)

_decode = msgspec.json.Decoder(list[tuple[str, int, int, int, int, tuple[str, ...]]]).decode
_decode_counts = msgspec.json.Decoder(list[tuple[str, int, int]]).decode


def error_groups(transaction: Transaction, query: JobQuery, limit: int) -> list[ErrorGroup]:
    """Groups of all failing jobs are counted along their index; for a search every such job is looked at."""
    asked = fingerprints_asked(query)
    if asked is None:
        return _looked_at(transaction, query, limit)
    condition = "fingerprint IN (SELECT value FROM json_each(:asked))" if asked else "TRUE"
    counted = transaction.filtered("count_errors", condition, {"asked": as_json(asked), "limit": limit})
    counts = {fingerprint: (dead, retrying) for fingerprint, dead, retrying in _decode_counts(counted)}
    places = [place for fingerprint in counts for place in _places(transaction, fingerprint)]
    found = _looked_at(transaction, JobQuery(), limit, places)
    whole = [replace(each, dead=counts[each.fingerprint][0], retrying=counts[each.fingerprint][1]) for each in found]
    return in_order(whole)


def _places(transaction: Transaction, fingerprint: str) -> list[int]:
    return transaction.column("error_places", "TRUE", {"fingerprint": fingerprint, "count": LOOKED_AT})


def _looked_at(
    transaction: Transaction, query: JobQuery, limit: int, places: Sequence[int] | None = None
) -> list[ErrorGroup]:
    """The groups of the failing jobs that match, or of those at the places."""
    search = Search(transaction, query, SAMPLES_MAX)
    filters = search.filters
    if places is not None:
        filters = f"j.seq IN (SELECT value FROM json_each({search.bind(as_json(places))}))"
    found = _decode(transaction.filtered("error_groups", filters, {**search.values, "limit": limit}))
    groups = []
    for fingerprint, dead, retrying, first_seen, last_seen, tasks in found:
        samples = _newest(transaction, query, fingerprint)
        error = samples[0].error
        groups.append(
            ErrorGroup(
                fingerprint=fingerprint,
                type="" if error is None else error.type,
                message="" if error is None else error.message,
                tasks=tuple(sorted(tasks)),
                dead=dead,
                retrying=retrying,
                first_seen=from_us(first_seen),
                last_seen=from_us(last_seen),
                samples=tuple(job.id for job in samples),
            )
        )
    return groups


def _newest(transaction: Transaction, query: JobQuery, fingerprint: str) -> list[Job]:
    """The newest failing jobs that match: of each state some, for the index has them in order by state alone."""
    found: list[Found] = []
    for state in _STATES:
        search = Search(transaction, query, SAMPLES_MAX)
        source = _FAILING.format(name=search.bind(fingerprint), state=state)
        found += at_once(search.rows(SAMPLES_MAX, source=source))
    return [each.job for each in sorted(found, key=attrgetter("seq"), reverse=True)[:SAMPLES_MAX]]
