"""Failures in groups, by the fingerprint that is kept with each job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from headrace.backends.postgres.finding import Search, begin
from headrace.backends.postgres.rows import read_job
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.statements import sql
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo
from headrace.model.page import JobQuery
from headrace.storage.grouping import LOOKED_AT, fingerprints_asked, in_order


class _Found(NamedTuple):
    """A row of ``error_groups.sql``."""

    fingerprint: str
    dead: int
    retrying: int
    first_seen: datetime
    last_seen: datetime
    tasks: list[str]
    samples: list[str]


async def error_groups(session: Session, query: JobQuery, limit: int) -> list[ErrorGroup]:
    """Groups of all failing jobs are counted along their indexes; for a search every such job is looked at."""
    now = await begin(session)
    asked = fingerprints_asked(query)
    if asked is None:
        await session.rows("plan_for_values")
        return await _looked_at(session, Search(session, query, SAMPLES_MAX, now), limit)
    counted = await session.rows("count_errors", limit, list(asked) or None)
    counts = {fingerprint: (dead, retrying) for fingerprint, dead, retrying in counted}
    await session.rows("read_in_order")
    places = [seq for (seq,) in await session.rows("error_places", list(counts), LOOKED_AT)]
    found = await _looked_at(session, Search(session, JobQuery(), SAMPLES_MAX, now), limit, places)
    whole = [replace(each, dead=counts[each.fingerprint][0], retrying=counts[each.fingerprint][1]) for each in found]
    return in_order(whole)


async def _looked_at(
    session: Session, search: Search, limit: int, places: Sequence[int] | None = None
) -> list[ErrorGroup]:
    """The groups of the failing jobs that match, or of those at the places."""
    filters = search.filters if places is None else f"j.seq = ANY ({search.bind(places)}::bigint[])"
    statement = sql("error_groups", session.schema).replace("FILTERS", filters)
    statement = statement.replace("SAMPLES", str(SAMPLES_MAX))
    rows = await session.text(f"{statement} LIMIT {limit:d}", *search.values)
    found = [_Found(*row) for row in rows]
    jobs = [read_job(row) for row in await session.rows("get_jobs", [each.samples[0] for each in found])]
    errors = {job.id: job.error for job in jobs}
    return [_group(each, errors.get(JobId(each.samples[0]))) for each in found]


def _group(found: _Found, error: ErrorInfo | None) -> ErrorGroup:
    return ErrorGroup(
        fingerprint=found.fingerprint,
        type="" if error is None else error.type,
        message="" if error is None else error.message,
        tasks=tuple(sorted(found.tasks)),
        dead=found.dead,
        retrying=found.retrying,
        first_seen=found.first_seen,
        last_seen=found.last_seen,
        samples=tuple(map(JobId, found.samples)),
    )
