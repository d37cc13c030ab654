"""Tasks: what this app and the workers of its store can run."""

from __future__ import annotations

from typing import Any

from headrace.model.catalogue import TaskVersion
from headrace.wire.base import Name, Reply, Request


class GetTask(Request, frozen=True, kw_only=True):
    """Which task."""

    task: Name


class TaskSummary(Reply, frozen=True, kw_only=True):
    """A task in a list. ``here`` says that this server has its code.

    ``readable_versions`` are the older ones whose jobs it runs, too. ``batch_size`` is null where jobs run one by one.
    """

    name: str
    version: int
    queue: str
    priority: int
    max_attempts: int
    timeout_s: float | None
    executor: str
    batch_size: int | None = None
    summary: str
    readable_versions: tuple[int, ...] = ()
    here: bool


class TaskDetail(TaskSummary, frozen=True, kw_only=True):
    """A task with the JSON Schemas of its arguments and its result; null where nobody has told them.

    ``redacts`` are the paths that views hide. ``reference`` says where its code is; empty where it has none in Python.
    ``versions`` is sorted, the oldest first.
    """

    arguments: dict[str, Any] | None
    result: dict[str, Any] | None
    deprecated_versions: dict[str, str]
    reference: str = ""
    redacts: tuple[str, ...] = ()
    versions: tuple[TaskVersion, ...] = ()
