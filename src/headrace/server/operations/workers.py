"""Workers: those there are, and what they are told to do."""

from __future__ import annotations

import msgspec

from headrace.engine.orders import Order
from headrace.engine.registry import BUCKET, WorkerRecord
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.problems import Refused
from headrace.wire.base import Listed
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope
from headrace.wire.workers import SetWorkerLog, WorkerNamed, WorkerView


@operation("GET", "/v1/workers", scope=Scope.WORKERS_READ)
async def find(context: Context, request: Nothing) -> Listed[WorkerView]:
    """The workers heard of within the last half minute."""
    return Listed(items=[worker_view(record) for record in await context.app.workers()])


@operation("GET", "/v1/workers/{worker}", scope=Scope.WORKERS_READ, problems=(404,))
async def get(context: Context, request: WorkerNamed) -> WorkerView:
    """One worker, as it says of itself."""
    return worker_view(await record_of(context, request.worker))


@operation("POST", "/v1/workers/{worker}/quiet", scope=Scope.WORKERS_WRITE, problems=(404,))
async def quiet(context: Context, request: WorkerNamed) -> WorkerView:
    """Let a worker claim nothing more; it finishes what it has, and stays. It hears of it within seconds."""
    return await _tell(context, request.worker, Order.QUIET)


@operation("POST", "/v1/workers/{worker}/stop", scope=Scope.WORKERS_WRITE, problems=(404,))
async def stop(context: Context, request: WorkerNamed) -> WorkerView:
    """Let a worker stop as SIGTERM does: it finishes what it has within its grace. It hears of it within seconds."""
    return await _tell(context, request.worker, Order.STOP)


@operation("POST", "/v1/workers/{worker}/work", scope=Scope.WORKERS_WRITE, problems=(404,))
async def work(context: Context, request: WorkerNamed) -> WorkerView:
    """Let a worker that was told to be quiet claim jobs again."""
    return await _tell(context, request.worker, Order.WORK)


@operation("POST", "/v1/workers/{worker}/log-level", scope=Scope.WORKERS_WRITE, problems=(404,))
async def set_log(context: Context, request: SetWorkerLog) -> WorkerView:
    """Change what a worker logs while it runs, until it ends. It hears of it within seconds."""
    record = await record_of(context, request.worker)
    await context.app.set_worker_log(record.id, request.levels)
    return worker_view(record)


async def record_of(context: Context, worker: str) -> WorkerRecord:
    """What a worker says of itself. Raises Refused with 404."""
    [entry] = await context.app.backend.kv.get_many(BUCKET, [worker])
    if entry is None:
        raise Refused(
            404,
            "HR-E0321",
            f"no worker {worker!r} was heard of within the last half minute",
            field="worker",
            value=worker,
            fix="a worker registers with POST /v1/workers, and again when it was not heard for so long",
        )
    return msgspec.json.decode(entry.value, type=WorkerRecord)


def worker_view(record: WorkerRecord) -> WorkerView:
    """A worker as it is shown."""
    return WorkerView(
        id=record.id,
        hostname=record.hostname,
        pid=record.pid,
        queues=dict(record.queues),
        started_at=record.started_at,
        version=record.version,
        running=record.running,
        waiting=record.waiting,
        backlog=record.backlog,
        leader=record.leader,
        last_claim_at=record.last_claim_at,
        loop_lag_s=record.loop_lag_s,
        memory_bytes=record.memory_bytes,
        problems=record.problems,
        tasks=record.tasks,
        order=record.order,
    )


async def _tell(context: Context, worker: str, order: Order) -> WorkerView:
    record = await record_of(context, worker)
    await context.app.order_worker(record.id, order)
    return worker_view(msgspec.structs.replace(record, order=order.value))
