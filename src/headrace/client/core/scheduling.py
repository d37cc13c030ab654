"""Schedules as they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET

from headrace.client.core.task_call import TaskCall, seconds_text
from headrace.errors import ConfigError

_OF_THE_JOB = ("task", "args", "queue", "priority", "max_attempts", "timeout", "tags", "meta")


def schedule_fields(
    when: str | timedelta | datetime | None, call: TaskCall | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a schedule that are given. Raises ConfigError for an option that its jobs cannot have."""
    fields = {name: seconds_text(value) if isinstance(value, timedelta) else value for name, value in settings.items()}
    if when is not None:
        fields |= _rule(when)
    if call is not None:
        fields |= _job(call)
    return fields


def _rule(when: str | timedelta | datetime) -> dict[str, Any]:
    if isinstance(when, str):
        return {"cron": when}
    return {"every": seconds_text(when)} if isinstance(when, timedelta) else {"at": when}


def _job(call: TaskCall) -> dict[str, Any]:
    message = call.message()
    for name in call.given:
        if name not in _OF_THE_JOB:
            raise ConfigError(f"the jobs of a schedule cannot have {name}; they can have {', '.join(_OF_THE_JOB[2:])}")
    found = {name: getattr(message, name) for name in _OF_THE_JOB}
    return {name: value for name, value in found.items() if value is not UNSET}
