"""Claims, the heartbeats that keep them, and reports under them.

Settled here: which jobs a claim takes, and in which order, is told in :mod:`headrace.backends.memory.lanes`; limits
over several queues are used up in the order of the demand. What is claimed counts as running, and has drawn a token of
each rate it is under, whether its handler has begun or not: a job that is given back frees its place, and its tokens
stay drawn. A claim that a rate left short notes when there will be a token, and ``promote`` announces it then.

A claim does not look at ``run_at`` against the clock: a job that was queued stays claimable when the wall clock is
stepped back. It does not rescue; a job whose lease ran out is claimable after ``rescue``. ``started_at`` and ``worker``
are those of the last claim and stay when it ends. A lease is counted on the monotonic clock and ends when it reads the
deadline or later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from headrace.backends.memory.lanes import Line
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.model.job import JobState
from headrace.model.lease import Claim, Lease
from headrace.storage.jobs import ClaimRequest, Heartbeat, Report, Settled
from headrace.storage.signals import DUE, topic


def holder(state: State, lease: Lease) -> Record | None:
    """The job whose current lease this is, or None: the one fence in front of every write of a worker."""
    record = state.records.get(lease.job_id)
    return record if record is not None and record.token == lease.token else None


def claim(state: State, request: ClaimRequest) -> list[Claim]:
    """Take jobs of each queue that is not paused, in the order of the demand."""
    claims: list[Claim] = []
    for queue, count in request.demand.items():
        settings = state.queues.get(queue)
        if count > 0 and settings is not None and not settings.paused:
            claims += _claim_from(state, queue, count, request)
    return claims


def _claim_from(state: State, queue: str, count: int, request: ClaimRequest) -> list[Claim]:
    line = Line(state, queue)
    claims: list[Claim] = []
    while len(claims) < count and (record := line.next()) is not None:
        claims.append(_take(state, record, request))
    line.close()
    if len(claims) < count and (opens_at := line.opens_at()) is not None:
        state.openings[queue] = opens_at
        state.topics[topic(DUE, queue)] = None
    return claims


def _take(state: State, record: Record, request: ClaimRequest) -> Claim:
    record.token = state.new_token()
    record.deadline = state.mono + request.lease_for.total_seconds()
    state.change(
        record,
        state=JobState.RUNNING,
        attempt=record.job.attempt + 1,
        claims=record.job.claims + 1,
        started_at=state.now,
        worker=request.worker,
    )
    return Claim(job=replace(record.job, progress=None), lease=_lease(state, record, request.lease_for))


def _lease(state: State, record: Record, length: timedelta) -> Lease:
    return Lease(job_id=record.job.id, token=record.token or "", expires_at=state.now + length)


def heartbeat(state: State, leases: Sequence[Lease], extend: timedelta) -> list[Heartbeat]:
    """Extend every lease that is current, also one that ran out but was not rescued."""
    return [_beat(state, lease, extend) for lease in leases]


def _beat(state: State, lease: Lease, extend: timedelta) -> Heartbeat:
    record = holder(state, lease)
    if record is None:
        return Heartbeat(lease=None)
    record.deadline = state.mono + extend.total_seconds()
    state.change(record)
    job = record.job
    return Heartbeat(
        lease=_lease(state, record, extend),
        cancel_reason=(job.reason or "") if job.cancel_requested else None,
    )


def report(state: State, reports: Sequence[Report]) -> list[Settled]:
    """Keep progress and log lines; the oldest lines go when there are too many."""
    return [_report_one(state, each) for each in reports]


def _report_one(state: State, report: Report) -> Settled:
    record = holder(state, report.lease)
    if record is None:
        return Settled.STALE
    if report.progress is not None:
        record.job = replace(record.job, progress=report.progress)
    record.logs.extend(report.logs)
    return Settled.APPLIED
