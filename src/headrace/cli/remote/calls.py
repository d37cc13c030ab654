"""Calls of the library as those of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from headrace.client.core.task_call import TaskCall

if TYPE_CHECKING:
    from headrace.tasks.call import Call

_NOT_SENT = frozenset({"codec", "task", "task_version"})
_OF_SCHEDULES = ("queue", "priority", "max_attempts", "timeout", "tags", "meta")


def task_call(call: Call[Any]) -> TaskCall:
    """The call with the options that were given; what the task says of all its jobs, the server knows."""
    made = _made(call, {name: value for name, value in call.chosen.items() if name not in _NOT_SENT})
    version = call.chosen.get("task_version")
    return made if version is None else made.of_version(version)


def schedule_call(call: Call[Any]) -> TaskCall:
    """The same for a schedule, with what its jobs can have. Null takes nothing away there."""
    chosen = call.chosen
    return _made(call, {name: chosen[name] for name in _OF_SCHEDULES if chosen.get(name) is not None})


def _made(call: Call[Any], options: Any) -> TaskCall:
    arguments: dict[str, Any] = msgspec.json.decode(call.payload)
    return TaskCall(call.task.name, (), arguments).options(**options)
