"""Queues: look at them, limit, pause, drain and purge them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import structs

from headrace.app.emptying import purge_query
from headrace.errors import ConfigError
from headrace.model.job import JobState
from headrace.model.limits import LimitScope, LimitUsage, format_rate
from headrace.model.queue import QueueSettings, QueueStats
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.operations.bulk import accepted, operation_view
from headrace.server.problems import Refused
from headrace.wire.base import Listed, duration, given
from headrace.wire.operations import OperationView
from headrace.wire.queues import (
    ConfigureQueue,
    Drained,
    DrainQueue,
    Nothing,
    PauseQueue,
    PurgeQueue,
    QueueNamed,
    QueuePace,
    QueueView,
)
from headrace.wire.scopes import Scope

WINDOW = timedelta(minutes=1)

_OPTIONS = ("concurrency", "rate", "key_concurrency", "key_rate", "fair", "ordered", "ageing")


@operation("GET", "/v1/queues", scope=Scope.QUEUES_READ)
async def find(context: Context, request: Nothing) -> Listed[QueueView]:
    """Every queue: its jobs by state, its pace over the last minute, its settings and limits.

    Read from counters, so it costs the same however many jobs there are.
    """
    return Listed(items=[view for view in await _views(context) if context.principal.may_in(view.name)])


@operation("GET", "/v1/queues/{queue}", scope=Scope.QUEUES_READ, problems=(404,))
async def get(context: Context, request: QueueNamed) -> QueueView:
    """One queue: its jobs by state, its pace over the last minute, its settings and limits."""
    return await _view(context, request.queue)


@operation("PATCH", "/v1/queues/{queue}", scope=Scope.QUEUES_WRITE, problems=(422,))
async def configure(context: Context, request: ConfigureQueue) -> QueueView:
    """Change limits and order of a queue, from the next claim on, for every worker.

    A queue that no job has named yet is made.
    """
    check_queue(context.principal, request.queue)
    options: dict[str, Any] = given(request, *_OPTIONS)
    if "ageing" in options:
        options["ageing"] = duration("ageing", request.ageing)
    if not options:
        raise ConfigError(f"nothing is to be changed; give one of: {', '.join(_OPTIONS)}")
    await context.app.configure_queue(request.queue, **options)
    return await _view(context, request.queue)


@operation("POST", "/v1/queues/{queue}/pause", scope=Scope.QUEUES_WRITE, problems=(404, 422))
async def pause(context: Context, request: PauseQueue) -> QueueView:
    """Let no job of the queue begin until it is resumed; running ones go on, and jobs can still be submitted."""
    await _known(context, request.queue)
    await context.app.pause(request.queue, reason=request.reason)
    return await _view(context, request.queue)


@operation("POST", "/v1/queues/{queue}/resume", scope=Scope.QUEUES_WRITE, problems=(404,))
async def resume(context: Context, request: QueueNamed) -> QueueView:
    """Let the jobs of a paused queue begin again."""
    await _known(context, request.queue)
    await context.app.resume(request.queue)
    return await _view(context, request.queue)


@operation("POST", "/v1/queues/{queue}/drain", scope=Scope.QUEUES_READ, problems=(404, 422), waits=True)
async def drain(context: Context, request: DrainQueue) -> Drained:
    """Wait until the queue has neither queued nor running jobs, and answer what it holds.

    Nothing is changed: who wants it empty for good stops submitting first. Scheduled and waiting jobs do not count.
    """
    await _known(context, request.queue)
    wait = context.wait(duration("wait", request.wait))
    left = await context.until_closing(context.app.drain(request.queue, timeout=wait))
    return Drained(queue=request.queue, empty=left is not None, counts=left or await _counts(context, request.queue))


@operation(
    "POST",
    "/v1/queues/{queue}/purge",
    scope=Scope.QUEUES_WRITE,
    statuses={202: "It has begun; its location tells how far it is."},
    problems=(404, 422),
    answer=accepted,
)
async def purge(context: Context, request: PurgeQueue) -> OperationView:
    """Delete the jobs of a queue that are in one of the states now: those that wait, unless said otherwise.

    Jobs that are submitted later are left alone. It is a bulk operation, which can be watched, paused and aborted.
    """
    await _known(context, request.queue)
    where = purge_query(request.queue, request.states)
    begun = await context.app.bulk.start("delete", where=where, reason="purged", author=context.principal.name)
    context.state.carry_out(begun.id)
    return operation_view(begun)


async def _known(context: Context, queue: str) -> None:
    """Raise Refused for a queue that is not there: a misspelt one must not look as if it were paused."""
    check_queue(context.principal, queue)
    if queue not in [each.name for each in await context.app.queues()]:
        raise _missing(queue)


async def _view(context: Context, queue: str) -> QueueView:
    check_queue(context.principal, queue)
    view = next((each for each in await _views(context) if each.name == queue), None)
    if view is None:
        raise _missing(queue)
    return view


def _missing(queue: str) -> Refused:
    return Refused(
        404, "HR-E0303", f"there is no queue {queue!r}: no job and no setting has named it", field="queue", value=queue
    )


async def _counts(context: Context, queue: str) -> dict[Any, int]:
    return {count.state: count.count for count in await context.app.counts(queues=[queue])}


async def _views(context: Context) -> list[QueueView]:
    app = context.app
    settings = {each.name: each for each in await app.queues()}
    limits = await app.limits()
    now = app.backend.clock.now()
    return [
        _queue_view(
            settings[stats.queue],
            stats,
            [usage for usage in limits if usage.limit.target.name == stats.queue],
            waiting_s=None
            if stats.oldest_queued_at is None
            else max(0.0, (now - stats.oldest_queued_at).total_seconds()),
        )
        for stats in await app.stats(window=WINDOW)
        if stats.queue in settings
    ]


def _queue_view(
    settings: QueueSettings, stats: QueueStats, limits: list[LimitUsage], *, waiting_s: float | None
) -> QueueView:
    figures: dict[str, Any] = {}
    for usage in limits:
        limit = usage.limit
        prefix = {LimitScope.QUEUE: "", LimitScope.KEYS: "key_"}.get(limit.target.scope)
        if prefix is not None:
            figures[f"{prefix}concurrency"] = limit.concurrency
            figures[f"{prefix}rate"] = None if limit.rate is None else format_rate(limit.rate)
    pace = {name: value for name, value in structs.asdict(stats.rate).items() if name not in ("queue", "window")}
    return QueueView(
        name=settings.name,
        paused=settings.paused,
        pause_reason=settings.pause_reason,
        paused_at=settings.paused_at,
        # All states, so that who reads one figure, such as a scaler, finds it when there is no such job.
        counts={state: stats.counts.get(state, 0) for state in JobState},
        oldest_waiting_s=waiting_s,
        pace=QueuePace(window_s=stats.rate.window.total_seconds(), **pace),
        fair=settings.fair,
        ordered=settings.ordered,
        ageing_s=None if settings.ageing is None else settings.ageing.total_seconds(),
        **figures,
    )
