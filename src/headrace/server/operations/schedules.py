"""Schedules: make, change, pause and look at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from headrace.errors import ConfigError
from headrace.model.redaction import for_arguments, redact
from headrace.model.rules import AtRule, CronRule, EveryRule, describe, local_time
from headrace.model.schedule import Firing, Schedule
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.tasks.call import Call
from headrace.wire.base import Listed, duration, given
from headrace.wire.queues import Nothing
from headrace.wire.schedules import (
    Backfill,
    CreateSchedule,
    FiringView,
    GetHistory,
    Instants,
    NextOccurrences,
    Occurrence,
    PauseSchedule,
    ResumeSchedule,
    ScheduleNamed,
    ScheduleView,
    SkipNext,
    Triggered,
    UpdateSchedule,
)
from headrace.wire.scopes import Scope
from headrace.wire.values import decoded

_SETTINGS = ("timezone", "gap", "fold", "anchor", "overlap", "misfire", "misfire_limit")
_SPANS = ("misfire_after", "jitter")
_OPTIONS = ("queue", "priority", "max_attempts", "tags", "meta")


@operation("GET", "/v1/schedules", scope=Scope.SCHEDULES_READ)
async def find(context: Context, request: Nothing) -> Listed[ScheduleView]:
    """Every schedule, by name, with its next occurrence."""
    found = [each for each in await context.app.schedules.list() if context.principal.may_in(each.job.queue)]
    return Listed(items=[await _view(context, each) for each in found])


@operation("GET", "/v1/schedules/{name}", scope=Scope.SCHEDULES_READ, problems=(404,))
async def get(context: Context, request: ScheduleNamed) -> ScheduleView:
    """One schedule, with its next occurrence."""
    return await _view(context, await _named(context, request.name))


@operation(
    "POST",
    "/v1/schedules/{name}",
    scope=Scope.SCHEDULES_WRITE,
    statuses={201: "The schedule is made."},
    problems=(422,),
    answer=lambda reply: Answer(201, {"location": f"/v1/schedules/{reply.name}"}),
)
async def create(context: Context, request: CreateSchedule) -> ScheduleView:
    """Run a task whenever the rule says.

    Give one of cron, every and at. 422 where there is a schedule of that name.
    """
    when = _when(request)
    if when is None:
        raise ConfigError("cron, every or at: say when it is due")
    call = await _call(context, request.task, request.args, request)
    return await _view(context, await context.app.schedules.create(request.name, when, call, **_settings(request)))


@operation("PATCH", "/v1/schedules/{name}", scope=Scope.SCHEDULES_WRITE, problems=(404, 422))
async def update(context: Context, request: UpdateSchedule) -> ScheduleView:
    """Change what is given of a schedule; the rest stays. With another rule, occurrences count from now on."""
    await _named(context, request.name)
    call = None
    if isinstance(request.task, str):
        args = request.args if isinstance(request.args, dict | list) else {}
        call = await _call(context, request.task, args, request)
    elif given(request, "args", "timeout", *_OPTIONS):
        raise ConfigError("task: give it, too, where arguments or options change")
    changed = await context.app.schedules.update(request.name, when=_when(request), call=call, **_settings(request))
    return await _view(context, changed)


@operation("DELETE", "/v1/schedules/{name}", scope=Scope.SCHEDULES_WRITE, problems=(404,))
async def delete(context: Context, request: ScheduleNamed) -> ScheduleView:
    """Delete a schedule with its history; its jobs stay. Answers what it was."""
    view = await _view(context, await _named(context, request.name))
    await context.app.schedules.delete(request.name)
    return view


@operation("POST", "/v1/schedules/{name}/pause", scope=Scope.SCHEDULES_WRITE, problems=(404, 422))
async def pause(context: Context, request: PauseSchedule) -> ScheduleView:
    """Let nothing fire until it is resumed. It holds through deploys."""
    await _named(context, request.name)
    return await _view(context, await context.app.schedules.pause(request.name, reason=request.reason))


@operation("POST", "/v1/schedules/{name}/resume", scope=Scope.SCHEDULES_WRITE, problems=(404,))
async def resume(context: Context, request: ResumeSchedule) -> ScheduleView:
    """Let it fire again; what was missed meanwhile is treated by misfire, or forgotten."""
    await _named(context, request.name)
    return await _view(context, await context.app.schedules.resume(request.name, skip_missed=request.skip_missed))


@operation("POST", "/v1/schedules/{name}/trigger", scope=Scope.SCHEDULES_WRITE, problems=(404,))
async def trigger(context: Context, request: ScheduleNamed) -> Triggered:
    """Enqueue its job now, beside what is planned, paused or not."""
    await _named(context, request.name)
    return Triggered(job_id=(await context.app.schedules.trigger(request.name)).id)


@operation("POST", "/v1/schedules/{name}/skip", scope=Scope.SCHEDULES_WRITE, problems=(404, 422))
async def skip(context: Context, request: SkipNext) -> Instants:
    """Leave out the next occurrence that is not left out yet, and answer its instant."""
    await _named(context, request.name)
    return Instants(instants=[await context.app.schedules.skip_next(request.name, reason=request.reason)])


@operation("GET", "/v1/schedules/{name}/next", scope=Scope.SCHEDULES_READ, problems=(404, 422))
async def next_occurrences(context: Context, request: NextOccurrences) -> Listed[Occurrence]:
    """The next occurrences, or those from ``start`` on; those that are left out are not among them."""
    schedule = await _named(context, request.name)
    planned = await context.app.schedules.next(request.name, request.count, start=request.start)
    return Listed(
        items=[
            Occurrence(at=each.at, local=local_time(schedule.rule, each.at).isoformat(), remark=each.remark or None)
            for each in planned
        ]
    )


@operation("GET", "/v1/schedules/{name}/history", scope=Scope.SCHEDULES_READ, problems=(404, 422))
async def history(context: Context, request: GetHistory) -> Listed[FiringView]:
    """What became of the latest occurrences, the newest first."""
    await _named(context, request.name)
    return Listed(
        items=[_firing(each) for each in await context.app.schedules.history(request.name, limit=request.limit)]
    )


@operation("POST", "/v1/schedules/{name}/backfill", scope=Scope.SCHEDULES_WRITE, problems=(404, 422))
async def backfill(context: Context, request: Backfill) -> Instants:
    """Run the occurrences of a time in the past that have not run, and answer which; dry_run only answers."""
    await _named(context, request.name)
    done = await context.app.schedules.backfill(request.name, request.start, request.end, dry_run=request.dry_run)
    return Instants(instants=done)


async def _named(context: Context, name: str) -> Schedule:
    schedule = await context.app.schedules.get(name)
    check_queue(context.principal, schedule.job.queue)
    return schedule


async def _call(context: Context, task: str, arguments: Any, request: CreateSchedule | UpdateSchedule) -> Call[Any]:
    call = await context.app.call_by_name(task, arguments)
    options = given(request, *_OPTIONS)
    if given(request, "timeout"):
        options["timeout"] = duration("timeout", request.timeout)
    if options:
        call = call.options(**options)
    check_queue(context.principal, call.queue)
    return call


def _when(request: CreateSchedule | UpdateSchedule) -> str | timedelta | datetime | None:
    rules: dict[str, Any] = given(request, "cron", "every", "at")
    if len(rules) > 1:
        raise ConfigError(f"{' or '.join(rules)}, not both: a schedule has one rule")
    if "every" in rules:
        return duration("every", request.every)
    found: str | datetime | None = next(iter(rules.values()), None)
    return found


def _settings(request: CreateSchedule | UpdateSchedule) -> Any:
    spans = {name: duration(name, value) for name, value in given(request, *_SPANS).items()}
    return {**given(request, *_SETTINGS), **spans}


async def _view(context: Context, schedule: Schedule) -> ScheduleView:
    rule, job = schedule.rule, schedule.job
    following = await context.app.schedules.next(schedule.name, 1)
    rules = await context.known.rules([job.task])
    return ScheduleView(
        name=schedule.name,
        when=describe(rule),
        kind="cron" if isinstance(rule, CronRule) else "every" if isinstance(rule, EveryRule) else "at",
        cron=rule.expression if isinstance(rule, CronRule) else None,
        timezone=rule.timezone if isinstance(rule, CronRule) else None,
        every_s=rule.every.total_seconds() if isinstance(rule, EveryRule) else None,
        at=rule.at if isinstance(rule, AtRule) else None,
        task=job.task,
        args=redact(decoded(job.payload, job.codec), for_arguments(rules[job.task])),
        queue=job.queue,
        overlap=schedule.overlap,
        misfire=schedule.misfire,
        misfire_after_s=schedule.misfire_after.total_seconds(),
        misfire_limit=schedule.misfire_limit,
        jitter_s=schedule.jitter.total_seconds(),
        origin=schedule.origin,
        paused=schedule.paused,
        pause_reason=schedule.pause_reason,
        created_at=schedule.created_at,
        next_at=following[0].at if following else None,
    )


def _firing(firing: Firing) -> FiringView:
    return FiringView(
        planned=firing.planned,
        outcome=firing.outcome,
        kind=firing.kind,
        fired_at=firing.fired_at,
        delay_s=None if firing.delay is None else firing.delay.total_seconds(),
        job_id=firing.job_id,
        key_taken=firing.key_taken,
        job_state=firing.job_state,
        reason=firing.reason,
        count=firing.count,
    )
