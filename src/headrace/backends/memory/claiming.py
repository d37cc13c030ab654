"""Claims, the heartbeats that keep them, and reports under them.

Settled here: a claim takes jobs by descending priority, then ``run_at``, then the order of enqueuing. It does not look
at ``run_at`` against the clock: a job that was queued stays claimable when the wall clock is stepped back. It does not
rescue; a job whose lease ran out is claimable after ``rescue``. ``started_at`` and ``worker`` are those of the last
claim and stay when it ends. A lease is counted on the monotonic clock and ends when it reads the deadline or later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from headrace.backends.memory.heap import Key
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.lease import Claim, Lease
from headrace.storage.jobs import ClaimRequest, Heartbeat, Report, Settled


def holder(state: State, lease: Lease) -> Record | None:
    """The job whose current lease this is, or None: the one fence in front of every write of a worker."""
    record = state.records.get(lease.job_id)
    return record if record is not None and record.token == lease.token else None


def claim(state: State, request: ClaimRequest) -> list[Claim]:
    """Take jobs of each queue that is not paused, in the order of the demand."""
    claims: list[Claim] = []
    for queue, count in request.demand.items():
        settings = state.queues.get(queue)
        if settings is not None and not settings.paused:
            claims += [_take(state, record, request) for record in _heads(state, queue, count)]
    return claims


def _heads(state: State, queue: str, count: int) -> list[Record]:
    """The first jobs of a queue that have not expired. Expired ones stay in the heap, for ``expire`` or an edit."""
    heap = state.ready[queue]
    heads: list[Record] = []
    expired: list[tuple[str, Key]] = []
    while len(heads) < count and (first := heap.first()) is not None:
        record = state.records[JobId(heap.pop())]
        if record.job.expires_at is None or record.job.expires_at > state.now:
            heads.append(record)
        else:
            expired.append(first)
    for name, key in expired:
        heap.put(name, key)
    return heads


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
