"""What workers tell about their tasks, for those who do not have the code: views, checks, other languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct


class TaskVersion(Struct, frozen=True, kw_only=True):
    """One version of a task. ``created_at`` is when a worker first told of it, by the store's clock.

    ``arguments`` and ``result`` are JSON Schemas; None where older code, which is gone, had stored them. ``deprecated``
    says why jobs of it should not be made any more, ``sunset`` until when they are read.
    """

    version: int
    created_at: datetime
    deprecated: str | None = None
    deprecated_at: datetime | None = None
    sunset: date | None = None
    arguments: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None


class TaskRecord(Struct, frozen=True, kw_only=True):
    """A task as the newest worker that knows it has told. ``versions`` is sorted, the oldest first.

    ``readable`` are the older versions whose jobs it runs, too. ``redact`` are the paths that views hide.
    """

    name: str
    version: int
    reference: str
    executor: str
    queue: str
    priority: int
    max_attempts: int
    timeout_s: float | None = None
    batch_size: int | None = None
    summary: str = ""
    readable: tuple[int, ...] = ()
    redact: tuple[str, ...] = ()
    versions: tuple[TaskVersion, ...] = ()
