"""What people can change about a job that is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict


class Edits(TypedDict, total=False):
    """What ``app.edit`` and ``app.retry`` can change; what is not given stays.

    args: all arguments anew, by name. They are not checked against the task; its worker does that.
    """

    args: Mapping[str, Any]
    queue: str
    priority: int
    run_at: datetime
    expires_at: datetime | None
    max_attempts: int
    tags: Iterable[str]
