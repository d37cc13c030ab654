"""Failures in groups, by the fingerprint that is kept with each job."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from headrace.backends.postgres.finding import Search, begin
from headrace.backends.postgres.rows import read_job
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.statements import sql
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo
from headrace.model.page import JobQuery


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
    """Count along the indexes of failing jobs alone, and look at the newest of each group."""
    search = Search(session, query, SAMPLES_MAX, await begin(session))
    await session.rows("plan_for_values")
    statement = sql("error_groups", session.schema).replace("FILTERS", search.filters)
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
