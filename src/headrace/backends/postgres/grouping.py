"""Failures in groups, by the fingerprint that is kept with each job."""

from __future__ import annotations

from datetime import datetime

from headrace.backends.postgres.finding import Search
from headrace.backends.postgres.rows import read_job
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.statements import sql
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.page import JobQuery

_FAILING = "j.fingerprint = {}::text AND j.state IN ('dead', 'scheduled', 'queued')"


async def error_groups(session: Session, query: JobQuery, limit: int) -> list[ErrorGroup]:
    """Count by indexes of failing jobs alone, and look at the newest of each group."""
    now = session.now or (await session.rows("instant", None))[0][0]
    search = Search(session, query, SAMPLES_MAX, now)
    statement = sql("error_groups", session.schema).replace("FILTERS", search.filters)
    found = await session.text(f"{statement} LIMIT {limit:d}", *search.values)
    return [await _group(session, query, now, *row) for row in found]


async def _group(
    session: Session,
    query: JobQuery,
    now: datetime,
    fingerprint: str,
    dead: int,
    retrying: int,
    first_seen: datetime,
    last_seen: datetime,
    tasks: list[str],
) -> ErrorGroup:
    search = Search(session, query, SAMPLES_MAX, now)
    rows = await search.rows(SAMPLES_MAX, source=_FAILING.format(search.bind(fingerprint)))
    samples = [read_job(row) for row in rows]
    error = samples[0].error if samples else None
    return ErrorGroup(
        fingerprint=fingerprint,
        type="" if error is None else error.type,
        message="" if error is None else error.message,
        tasks=tuple(sorted(tasks)),
        dead=dead,
        retrying=retrying,
        first_seen=first_seen,
        last_seen=last_seen,
        samples=tuple(each.id for each in samples),
    )
