"""What a log line tells beside its message: what the call gave as ``extra``, and what is going on where it was made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

FieldSource = Callable[[], Mapping[str, Any]]

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}

# Of the process, as logging itself is.
_sources: list[FieldSource] = []


def add_fields(source: FieldSource) -> Callable[[], None]:
    """Call ``source`` for every line, in the context of who logs; what it answers is in the line's fields.

    Answers a function that takes it away again. The engine adds ``job_id``, ``task``, ``queue``, ``attempt`` and
    ``correlation_id`` in this way, and :mod:`headrace.contrib.opentelemetry` the ids of the trace.
    """
    _sources.append(source)

    def remove() -> None:
        if source in _sources:
            _sources.remove(source)

    return remove


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of a record: what its call gave overrules what is going on around it."""
    fields: dict[str, Any] = {}
    for source in _sources:
        fields.update(source())
    fields.update((name, value) for name, value in record.__dict__.items() if name not in _STANDARD)
    return {name: value for name, value in fields.items() if value is not None}
