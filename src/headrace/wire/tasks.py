"""Tasks: what this app and the workers of its store can run."""

from __future__ import annotations

from typing import Any

from headrace.wire.base import Name, Reply, Request


class GetTask(Request, frozen=True, kw_only=True):
    """Which task."""

    task: Name


class TaskSummary(Reply, frozen=True, kw_only=True):
    """A task in a list. ``here`` says that this server has its code."""

    name: str
    version: int
    queue: str
    priority: int
    max_attempts: int
    timeout_s: float | None
    executor: str
    summary: str
    here: bool


class TaskDetail(TaskSummary, frozen=True, kw_only=True):
    """A task with the JSON Schemas of its arguments and its result; null where nobody has told them."""

    arguments: dict[str, Any] | None
    result: dict[str, Any] | None
    deprecated_versions: dict[str, str]
    readable_versions: tuple[int, ...]
