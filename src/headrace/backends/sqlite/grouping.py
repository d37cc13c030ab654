"""Failures in groups, by the fingerprint that is kept with each job."""

from __future__ import annotations

import msgspec

from headrace.backends.sqlite.finding import Search
from headrace.backends.sqlite.times import from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.ids import JobId
from headrace.model.page import JobQuery

_FAILING = "j.fingerprint = {name} AND j.state IN ('dead', 'scheduled', 'queued')"

_decode = msgspec.json.Decoder(list[tuple[str, int, int, int, int, tuple[str, ...]]]).decode


def error_groups(transaction: Transaction, query: JobQuery, limit: int) -> list[ErrorGroup]:
    """Count by an index of failing jobs alone, and look at the newest of each group."""
    search = Search(transaction, query, SAMPLES_MAX)
    found = _decode(transaction.filtered("error_groups", search.filters, {**search.values, "limit": limit}))
    groups = []
    for fingerprint, dead, retrying, first_seen, last_seen, tasks in found:
        search = Search(transaction, query, SAMPLES_MAX)
        samples = search.rows(SAMPLES_MAX, source=_FAILING.format(name=search.bind(fingerprint)))
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
                samples=tuple(JobId(row.id) for row in samples),
            )
        )
    return groups
