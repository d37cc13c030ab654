"""The worker protocol: a program in any language claims jobs, runs them, and says how they ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET

from headrace.app.catalogue import publish_records
from headrace.config import LEASE_MAX, LEASE_MIN
from headrace.engine.orders import Order, read_order
from headrace.engine.registry import BUCKET, RECORD_EVERY, RECORD_TTL, WorkerRecord
from headrace.errors import ConfigError
from headrace.model.catalogue import TaskRecord, TaskVersion
from headrace.model.ids import JobId, new_worker_id
from headrace.model.job import LogLine
from headrace.model.outcome import Finish
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.server.operations.workers import record_of, worker_view
from headrace.server.working import claim as claim_jobs
from headrace.server.working import claimed_job, lease_of, outcome_of, usage_of
from headrace.storage.jobs import Report, Settled
from headrace.storage.kv import Put
from headrace.wire.base import duration
from headrace.wire.scopes import Scope
from headrace.wire.workers import (
    ClaimedJobs,
    ClaimJobs,
    Failed,
    FinishJobs,
    HeartbeatLeases,
    HeldLease,
    HeldLeases,
    RegisteredWorker,
    RegisterWorker,
    ReportJobs,
    SettledJobs,
    TaskOffer,
    WorkerNamed,
    WorkerView,
)


@operation(
    "POST",
    "/v1/workers",
    scope=Scope.WORK,
    statuses={201: "The worker is known."},
    problems=(422,),
    answer=lambda reply: Answer(201, {"location": f"/v1/workers/{reply.id}"}),
    name="workers.register",
)
async def register(context: Context, request: RegisterWorker) -> RegisteredWorker:
    """Become a worker: say which queues are served, and which tasks can be run.

    Each claim and each heartbeat keeps the worker known.
    """
    for queue in request.queues:
        check_queue(context.principal, queue)
    app = context.app
    record = WorkerRecord(
        id=new_worker_id(),
        hostname=request.hostname,
        pid=request.pid,
        queues=request.queues,
        started_at=app.backend.clock.now(),
        version=request.version,
        tasks=tuple(sorted(offer.name for offer in request.tasks)),
    )
    now = app.backend.clock.now()
    await publish_records(app.backend.kv, [_task_record(offer, now) for offer in request.tasks])
    await _keep(context, record)
    return RegisteredWorker(id=record.id, expires_in_s=RECORD_TTL.total_seconds())


@operation("DELETE", "/v1/workers/{worker}", scope=Scope.WORK, problems=(404,), name="workers.deregister")
async def deregister(context: Context, request: WorkerNamed) -> WorkerView:
    """Be a worker no more. Jobs that it still holds go on until their leases run out: finish or release them first."""
    record = await _own_record(context, request.worker)
    await context.app.backend.kv.put_many(BUCKET, [Put(key=record.id, value=None)])
    context.state.heard.pop(record.id, None)
    return worker_view(record)


@operation(
    "POST", "/v1/workers/{worker}/claim", scope=Scope.WORK, problems=(404, 422), waits=True, name="workers.claim"
)
async def claim(context: Context, request: ClaimJobs) -> ClaimedJobs:
    """Claim jobs, and wait for the first where there is none.

    Each comes with a token, the right to finish it. Send heartbeats before a third of the lease is over, or the job is
    given to another worker. Who goes away while it waits loses nothing.
    """
    record = await _own_record(context, request.worker)
    demand = record.queues if request.queues is UNSET else request.queues
    demand = {queue: slots for queue, slots in dict(demand).items() if slots > 0}
    for queue in demand:
        check_queue(context.principal, queue)
    order = await read_order(context.app.backend.kv, record.id)
    if order is not Order.WORK or not demand:
        return ClaimedJobs(jobs=[], order=order.value)
    claims = await claim_jobs(
        context.app.backend,
        await context.state.bell(),
        record.id,
        demand,
        lease=_lease("lease", request.lease),
        wait=context.wait(duration("wait", request.wait)),
        closing=context.state.closing,
    )
    return ClaimedJobs(jobs=[claimed_job(each) for each in claims])


@operation("POST", "/v1/workers/{worker}/heartbeat", scope=Scope.WORK, problems=(404, 422), name="workers.heartbeat")
async def heartbeat(context: Context, request: HeartbeatLeases) -> HeldLeases:
    """Extend leases, and hear which jobs are lost or to be cancelled. Without leases it only keeps the worker known."""
    record = await _own_record(context, request.worker, running=len(request.leases))
    beats = await context.app.backend.jobs.heartbeat(
        [lease_of(each) for each in request.leases], extend=_lease("extend", request.extend)
    )
    held = [
        HeldLease(
            id=ref.id,
            held=beat.lease is not None,
            expires_at=None if beat.lease is None else beat.lease.expires_at,
            cancel_reason=beat.cancel_reason,
        )
        for ref, beat in zip(request.leases, beats, strict=True)
    ]
    return HeldLeases(leases=held, order=(await read_order(context.app.backend.kv, record.id)).value)


@operation("POST", "/v1/workers/{worker}/finish", scope=Scope.WORK, problems=(404, 413, 422), name="workers.finish")
async def finish(context: Context, request: FinishJobs) -> SettledJobs:
    """Say how claimed jobs have ended.

    A failed job is retried as the worker says, or else later each time as long as attempts are left. Under a lease that
    was lost nothing changes, and the answer is stale.
    """
    await _own_record(context, request.worker)
    backend = context.app.backend
    unsaid = [
        JobId(each.id) for each in request.jobs if isinstance(each.outcome, Failed) and each.outcome.retry_in is UNSET
    ]
    found = await backend.reader.get_many(unsaid) if unsaid else []
    jobs = {job.id: job for job in found if job is not None}
    finishes = [
        Finish(
            lease=lease_of(each), outcome=outcome_of(each.outcome, jobs.get(JobId(each.id))), usage=usage_of(each.usage)
        )
        for each in request.jobs
    ]
    settled = await backend.jobs.finish_many(finishes)
    ended = [JobId(each.id) for each, answer in zip(request.jobs, settled, strict=True) if answer is Settled.APPLIED]
    context.app.note_settled(ended)
    return SettledJobs(settled=[each.value for each in settled])


@operation("POST", "/v1/workers/{worker}/report", scope=Scope.WORK, problems=(404, 422), name="workers.report")
async def report(context: Context, request: ReportJobs) -> SettledJobs:
    """Tell progress and log lines of running jobs. Under a lease that was lost nothing changes."""
    await _own_record(context, request.worker)
    backend = context.app.backend
    now = backend.clock.now()
    found = await backend.reader.get_many([JobId(each.id) for each in request.jobs])
    attempts = {job.id: job.attempt for job in found if job is not None}
    reports = [
        Report(
            lease=lease_of(each),
            progress=each.progress,
            logs=tuple(
                LogLine(at=now, level=line.level, message=line.message, attempt=attempts.get(JobId(each.id), 0))
                for line in each.logs
            ),
        )
        for each in request.jobs
    ]
    return SettledJobs(settled=[each.value for each in await backend.jobs.report_many(reports)])


async def _own_record(context: Context, worker: str, *, running: int | None = None) -> WorkerRecord:
    """The record of the worker that calls, which is thereby heard of."""
    record = await record_of(context, worker)
    for queue in record.queues:
        check_queue(context.principal, queue)
    clock = context.app.backend.clock
    if clock.monotonic() - context.state.heard.get(record.id, float("-inf")) > RECORD_EVERY.total_seconds():
        changes = {} if running is None else {"running": running}
        await _keep(context, msgspec.structs.replace(record, last_claim_at=clock.now(), **changes))
    return record


async def _keep(context: Context, record: WorkerRecord) -> None:
    context.state.heard[record.id] = context.app.backend.clock.monotonic()
    put = Put(key=record.id, value=msgspec.json.encode(record), ttl=RECORD_TTL)
    await context.app.backend.kv.put_many(BUCKET, [put])


def _lease(name: str, text: str) -> timedelta:
    lease = duration(name, text)
    if lease is None or not LEASE_MIN <= lease <= LEASE_MAX:
        raise ConfigError(f"{name} is from 100ms to 1h; got {text!r}")
    return lease


def _task_record(offer: TaskOffer, now: datetime) -> TaskRecord:
    timeout = duration("timeout", offer.timeout)
    return TaskRecord(
        name=offer.name,
        version=1,
        reference="",
        executor="http",
        queue=offer.queue,
        priority=5,
        max_attempts=offer.max_attempts,
        timeout_s=None if timeout is None else timeout.total_seconds(),
        summary=offer.summary,
        versions=(TaskVersion(version=1, created_at=now, arguments=offer.arguments),),
    )
