"""Claiming: the next jobs of some queues, under a lease."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from secrets import token_hex

from msgspec.structs import replace

from headrace.backends.sqlite.rows import ClaimedRow, as_json, decode_claimed, decode_error
from headrace.backends.sqlite.times import duration_us, from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.limited import take_within_limits
from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, Job, JobState
from headrace.model.lease import Claim, Lease
from headrace.storage.jobs import ClaimRequest

TOKEN_BYTES = 8
"""A token is drawn anew for each call of ``claim``; 64 random bits and the job's id name the claim for ever."""

_MICROSECOND = ZERO.resolution


def nothing_queued(transaction: Transaction, request: ClaimRequest) -> list[Claim] | None:
    """An empty answer when there is nothing to claim, found without taking the write lock; None otherwise."""
    queues = [queue for queue, wanted in request.demand.items() if wanted > 0]
    return None if queues and transaction.value("any_queued", {"queues": as_json(queues)}) else []


def claim(transaction: Transaction, request: ClaimRequest) -> list[Claim]:
    """Take the jobs, count an attempt of each, and note it."""
    rules = transaction.rules()
    token = token_hex(TOKEN_BYTES)
    lease_us = duration_us(request.lease_for)

    def mark(jobs: Sequence[ClaimedRow]) -> None:
        if jobs:
            marks = {
                "seqs": as_json([row.seq for row in jobs]),
                "token": token,
                "worker": request.worker,
                "until": transaction.mono + lease_us,
                "now": transaction.now,
            }
            transaction.run("mark_running", marks)

    rows: list[ClaimedRow] = []
    free: list[ClaimedRow] = []
    for queue, wanted in request.demand.items():
        if wanted <= 0 or queue in rules.paused:
            continue
        if rules.free(queue):
            taken = _select(transaction, queue, wanted)
            free += taken
        else:
            taken = take_within_limits(transaction, rules, queue, wanted, partial(_select, transaction, queue), mark)
        rows += taken
        if taken:
            transaction.move(queue, "queued", "running", len(taken))
            transaction.happened(queue, "claimed", len(taken))
    mark(free)
    return _claims(transaction, rows, token, request, lease_us) if rows else []


def _select(transaction: Transaction, queue: str, limit: int) -> list[ClaimedRow]:
    return decode_claimed(transaction.value("select_queued", {"queue": queue, "now": transaction.now, "limit": limit}))


def _claims(
    transaction: Transaction, rows: Sequence[ClaimedRow], token: str, request: ClaimRequest, lease_us: int
) -> list[Claim]:
    started, until = from_us(transaction.now), from_us(transaction.now + lease_us)
    errors = last_errors(transaction, (row.seq for row in rows if row.claims))
    claims = []
    for row in rows:
        enqueued = from_us(row.enqueued_at)
        job = Job(
            id=JobId(row.id),
            task=row.task,
            payload=row.payload(),
            codec=row.codec,
            queue=row.queue,
            priority=row.priority,
            state=JobState.RUNNING,
            attempt=row.attempt + 1,
            max_attempts=row.max_attempts,
            claims=row.claims + 1,
            task_version=row.task_version,
            enqueued_at=enqueued,
            run_at=enqueued if row.run_at == row.enqueued_at else from_us(row.run_at),
            started_at=started,
            worker=request.worker,
        )
        if row.has_more:
            job = _with_more(job, row, errors.get(row.seq))
        claims.append(Claim(job=job, lease=Lease(job_id=job.id, token=token, expires_at=until)))
    return claims


def _with_more(job: Job, row: ClaimedRow, error: ErrorInfo | None) -> Job:
    """The job with what most lack. A call with more than fifteen keywords takes four times as long in CPython."""
    return replace(
        job,
        timeout=None if row.timeout is None else _MICROSECOND * row.timeout,
        expires_at=None if row.expires_at is None else from_us(row.expires_at),
        tags=row.tags or (),
        meta=row.meta or {},
        trace=row.trace,
        partition=row.partition,
        idempotency_key=row.idempotency_key,
        unique_key=row.unique_key,
        wakes=row.wakes,
        reason=row.reason,
        error=error,
    )


def last_errors(transaction: Transaction, seqs: Iterable[int]) -> dict[int, ErrorInfo]:
    """The last error of each of these jobs that has one."""
    wanted = list(seqs)
    if not wanted:
        return {}
    return {seq: decode_error(error) for seq, error in transaction.rows("last_errors", {"seqs": as_json(wanted)})}
