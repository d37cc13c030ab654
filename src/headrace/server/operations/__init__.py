"""Every operation, one file for each noun."""

from __future__ import annotations

from types import ModuleType

from headrace.server.operation import Operation
from headrace.server.operations import (
    bulk,
    changes,
    errors,
    events,
    jobs,
    keys,
    limits,
    logs,
    protocol,
    queues,
    schedules,
    stores,
    tasks,
    undo,
    webhooks,
    workers,
)

NOUNS: tuple[ModuleType, ...] = (
    jobs,
    changes,
    bulk,
    undo,
    errors,
    queues,
    limits,
    tasks,
    schedules,
    workers,
    protocol,
    events,
    webhooks,
    keys,
    stores,
    logs,
)


def all_operations() -> list[Operation]:
    """Every operation, in the order in which they are told of."""
    return [value for noun in NOUNS for value in vars(noun).values() if isinstance(value, Operation)]
