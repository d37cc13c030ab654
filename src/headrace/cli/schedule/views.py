"""Schedules and their occurrences as plain values, for JSON and for tables."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.wire.values import decoded

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.job import NewJob
    from headrace.model.rules import Planned
    from headrace.model.schedule import Firing, Schedule


RECENT = 20
"""Entries among which the latest is looked for: more than anybody leaves out ahead."""


async def read_schedules(app: Headrace) -> list[dict[str, Any]]:
    """Every schedule, by name, with its status and its next occurrence."""
    declared = await _declared(app)
    return [await _view(app, schedule, declared) for schedule in await app.schedules.list()]


async def read_schedule(app: Headrace, name: str) -> dict[str, Any]:
    """One schedule. Raises UnknownSchedule."""
    return await _view(app, await app.schedules.get(name), await _declared(app))


def occurrence_view(schedule: Schedule, planned: Planned) -> dict[str, Any]:
    """An occurrence that lies ahead, also by the schedule's own clock."""
    from headrace.model.rules import local_time

    local = local_time(schedule.rule, planned.at)
    return {"at": planned.at, "local": local.isoformat(), "remark": planned.remark or None}


def firing_view(firing: Firing) -> dict[str, Any]:
    """An occurrence of the past."""
    return {
        "planned": firing.planned,
        "outcome": firing.outcome.value,
        "kind": firing.kind.value,
        "fired_at": firing.fired_at,
        "delay_s": None if firing.delay is None else firing.delay.total_seconds(),
        "job_id": firing.job_id,
        "key_taken": firing.key_taken and firing.key_taken.value,
        "job_state": firing.job_state and firing.job_state.value,
        "reason": firing.reason,
        "count": firing.count,
    }


async def _declared(app: Headrace) -> Collection[str] | None:
    """What the code of the running workers declares; None while none runs."""
    workers = await app.workers()
    return {name for worker in workers for name in worker.schedules} if workers else None


async def _view(app: Headrace, schedule: Schedule, declared: Collection[str] | None) -> dict[str, Any]:
    from headrace.model.rules import CronRule, describe

    following = await app.schedules.next(schedule.name, 1)
    # What was left out ahead is in the ledger already, and is not what happened last.
    now = app.backend.clock.now()
    recent = await app.schedules.history(schedule.name, limit=RECENT)
    latest = next((firing for firing in recent if firing.planned <= now), None)
    job = schedule.job
    return {
        "name": schedule.name,
        "status": _status(schedule, declared, ended=not following),
        "when": describe(schedule.rule),
        "rule": msgspec.to_builtins(schedule.rule, builtin_types=(datetime,)),
        "timezone": schedule.rule.timezone if isinstance(schedule.rule, CronRule) else None,
        "task": job.task,
        "args": await _arguments(app, job),
        "queue": job.queue,
        "overlap": schedule.overlap.value,
        "misfire": schedule.misfire.value,
        "misfire_after_s": schedule.misfire_after.total_seconds(),
        "misfire_limit": schedule.misfire_limit,
        "jitter_s": schedule.jitter.total_seconds(),
        "origin": schedule.origin.value,
        "paused": schedule.paused,
        "pause_reason": schedule.pause_reason,
        "created_at": schedule.created_at,
        "next": occurrence_view(schedule, following[0]) if following else None,
        "latest": firing_view(latest) if latest else None,
    }


def _status(schedule: Schedule, declared: Collection[str] | None, *, ended: bool) -> str:
    if schedule.paused:
        return "paused"
    if ended:
        return "ended"
    if declared is None:
        return "no worker runs"
    if schedule.origin.value == "code" and schedule.name not in declared:
        return "orphaned"
    return "active"


async def _arguments(app: Headrace, job: NewJob) -> Any:
    """The arguments without what the task redacts, by the rules that workers have told the catalogue."""
    from headrace.app.catalogue import find_tasks
    from headrace.model.redaction import for_arguments, redact

    record = (await find_tasks(app.backend.kv, [job.task])).get(job.task)
    return redact(decoded(job.payload, job.codec), for_arguments(() if record is None else record.redact), set())
