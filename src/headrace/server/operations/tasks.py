"""Tasks: what can be submitted."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from headrace.app.catalogue import describe, list_tasks
from headrace.model.catalogue import TaskRecord
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.problems import Refused
from headrace.wire.base import Listed
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope
from headrace.wire.tasks import GetTask, TaskDetail, TaskSummary


@operation("GET", "/v1/tasks", scope=Scope.TASKS_READ)
async def find(context: Context, request: Nothing) -> Listed[TaskSummary]:
    """The tasks of this app and those that workers have told of, by name."""
    return Listed(items=[TaskSummary(**_summary(context, record)) for record in await _records(context)])


@operation("GET", "/v1/tasks/{task}", scope=Scope.TASKS_READ, problems=(404,))
async def get(context: Context, request: GetTask) -> TaskDetail:
    """A task, with the JSON Schemas of its arguments and its result."""
    records = {record.name: record for record in await _records(context)}
    record = records.get(request.task)
    if record is None:
        near = get_close_matches(request.task, records, n=3)
        hint = f"; near names: {', '.join(near)}" if near else ""
        raise Refused(404, "HR-E0310", f"no task is named {request.task!r}{hint}", field="task", value=request.task)
    newest = next((each for each in record.versions if each.version == record.version), None)
    return TaskDetail(
        **_summary(context, record),
        arguments=None if newest is None or newest.arguments is None else dict(newest.arguments),
        result=None if newest is None or newest.result is None else dict(newest.result),
        deprecated_versions={str(each.version): each.deprecated for each in record.versions if each.deprecated},
        reference=record.reference,
        redacts=record.redact,
        versions=record.versions,
    )


async def _records(context: Context) -> Sequence[TaskRecord]:
    """What workers have told, and what this app's code says of tasks that no worker has started with yet."""
    records = {record.name: record for record in await list_tasks(context.app.backend.kv)}
    now = context.app.backend.clock.now()
    for name, task in context.app.tasks.items():
        if name not in records:
            records[name] = describe(task, None, now)
    return [records[name] for name in sorted(records)]


def _summary(context: Context, record: TaskRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "version": record.version,
        "queue": record.queue,
        "priority": record.priority,
        "max_attempts": record.max_attempts,
        "timeout_s": record.timeout_s,
        "executor": record.executor,
        "batch_size": record.batch_size,
        "summary": record.summary,
        "readable_versions": record.readable,
        "here": record.name in context.app.tasks,
    }
