"""Claims, the heartbeats that keep them, and reports under them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import itemgetter
from secrets import token_hex

from msgspec.structs import replace

from headrace.backends.postgres.floors import Floors
from headrace.backends.postgres.rows import as_json, decode_error, decode_meta, decode_tags
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.statements import sql
from headrace.model.job import Job, JobState
from headrace.model.lease import Claim, Lease
from headrace.storage.jobs import JOB_LOG_LINES_MAX, ClaimRequest, Heartbeat, Report, Settled

TOKEN_BYTES = 8
"""A token is drawn anew for each call of ``claim``; 64 random bits and the job's id name the claim for ever."""

_PRIORITY = itemgetter(6)
_AGE = itemgetter(12, 0)

COLUMNS = 25
"""Those of a job in the rows of a claim; the first fourteen are those that every job has."""

_COMMON = 14
_NOTHING_MORE = (None, None, None, None, None, None, None, 0, None, None, None)


def new_token() -> str:
    """What fences the claims of one call."""
    return token_hex(TOKEN_BYTES)


async def claim(session: Session, request: ClaimRequest, token: str, floors: Floors) -> tuple[list[Claim], list[str]]:
    """Take the jobs, count an attempt of each, and note it: one statement.

    And the queues that were left out, since limits hold them back or they have an order of their own.
    """
    wanted = {queue: count for queue, count in request.demand.items() if count > 0}
    if not wanted:
        return [], []
    beyond = floors.usable
    bounds = tuple(map(list, zip(*floors.floors, strict=True))) if beyond else ()
    rows = await session.text(
        _statement(session.schema, beyond), session.now, session.mono, list(wanted), list(wanted.values()), token,
        request.worker, request.lease_for, *bounds,
    )  # fmt: skip
    *_, seconds, held_back = rows[0]
    claims = read_claims(_in_order(rows, list(wanted)), token, request)
    if beyond:
        floors.rise(each.job for each in claims)
    else:
        floors.walked(seconds, (each.job for each in claims), len(claims))
    return claims, held_back or []


def _in_order(rows: Sequence[Row], queues: Sequence[str]) -> list[Row]:
    """The rows of jobs: queue by queue, higher priority first, then older. Sorted by the last criterion first."""
    ordered = sorted((row for row in rows if row[0]), key=_AGE)
    ordered.sort(key=_PRIORITY, reverse=True)
    if len(queues) > 1:
        places = {queue: place for place, queue in enumerate(queues)}
        ordered.sort(key=lambda row: places[row[5]])
    return ordered


@cache
def _statement(schema: str, beyond: bool) -> str:
    return sql("claim", schema).replace("NEXT", sql("claim_beyond" if beyond else "claim_first", schema))


class _Instants(dict[float, datetime]):
    """Datetimes by the seconds since 1970, exact for the microsecond until the year 2242.

    The jobs of a claim share most of theirs, and to make one takes as long as ten look-ups.
    """

    def __missing__(self, seconds: float) -> datetime:
        made = self[seconds] = datetime.fromtimestamp(seconds, UTC)
        return made


def read_claims(rows: Iterable[Row], token: str, request: ClaimRequest) -> list[Claim]:
    """The claims in rows that begin with the columns of ``sql/claim.sql``."""
    instants = _Instants()
    return [_read_claim(row, token, request, instants) for row in rows]


def _read_claim(row: Row, token: str, request: ClaimRequest, instants: _Instants) -> Claim:
    (_, job_id, task, payload, codec, queue, priority, attempt, max_attempts, claims, task_version, enqueued_at,
     run_at, started_at) = row[:_COMMON]  # fmt: skip
    started = instants[started_at]
    job = Job(
        id=job_id,
        task=task,
        payload=payload,
        codec=codec,
        queue=queue,
        priority=priority,
        state=JobState.RUNNING,
        attempt=attempt,
        max_attempts=max_attempts,
        claims=claims,
        task_version=task_version,
        enqueued_at=instants[enqueued_at],
        run_at=instants[run_at],
        started_at=started,
        worker=request.worker,
    )
    rest = row[_COMMON:COLUMNS]
    if rest != _NOTHING_MORE:
        job = _with_more(job, rest)
    return Claim(job=job, lease=Lease(job_id=job.id, token=token, expires_at=started + request.lease_for))


def _with_more(job: Job, rest: Row) -> Job:
    """The job with what most lack. A call with more than fifteen keywords takes four times as long in CPython."""
    (timeout, expires_at, tags, meta, trace, idempotency_key, unique_key, wakes, reason, error, partition) = rest
    return replace(
        job,
        timeout=timeout,
        expires_at=expires_at,
        tags=() if tags is None else decode_tags(tags),
        meta={} if meta is None else decode_meta(meta),
        trace=trace,
        idempotency_key=idempotency_key,
        unique_key=unique_key,
        wakes=wakes,
        reason=reason,
        error=None if error is None else decode_error(error),
        partition=partition,
    )


async def heartbeat(session: Session, leases: Sequence[Lease], extend: timedelta) -> list[Heartbeat]:
    """Extend what is held."""
    replies = [Heartbeat(lease=None)] * len(leases)
    ids, tokens = [lease.job_id for lease in leases], [lease.token for lease in leases]
    for place, until, reason in await session.rows("heartbeat", session.mono, ids, tokens, extend, session.now):
        lease = leases[place - 1]
        replies[place - 1] = Heartbeat(
            lease=Lease(job_id=lease.job_id, token=lease.token, expires_at=until), cancel_reason=reason
        )
    return replies


async def report_many(session: Session, reports: Sequence[Report]) -> list[Settled]:
    """Keep progress and log lines. In a transaction."""
    replies = [Settled.STALE] * len(reports)
    values = [None if each.progress is None else as_json(each.progress) for each in reports]
    ids, tokens = [each.lease.job_id for each in reports], [each.lease.token for each in reports]
    for (place,) in await session.rows("report_progress", ids, tokens, values):
        replies[place - 1] = Settled.APPLIED
    lines = [
        (report.lease.job_id, line.at, line.level, line.message, line.attempt)
        for report, reply in zip(reports, replies, strict=True)
        if reply is Settled.APPLIED
        for line in report.logs
    ]
    if lines:
        await session.rows("insert_logs", *map(list, zip(*lines, strict=True)))
        await session.rows("trim_logs", sorted({line[0] for line in lines}), JOB_LOG_LINES_MAX)
    return replies
