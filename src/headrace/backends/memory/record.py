"""A job as the memory store keeps it: the public value and what only the store needs to know."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from headrace.model.job import Attempt, Job, LogLine, UniqueKey
from headrace.storage.jobs import JOB_LOG_LINES_MAX

if TYPE_CHECKING:
    from headrace.backends.memory.lanes import Lane


def _empty_log() -> deque[LogLine]:
    return deque(maxlen=JOB_LOG_LINES_MAX)


@dataclass(slots=True, kw_only=True)
class Record:
    """``order`` is the job's place in the order of enqueuing; the rest of its private facts change with its state.

    ``token`` and ``deadline`` are those of the current lease. ``timed`` says of a waiting job that its ``run_at`` is
    the instant at which it stops waiting. ``unique`` is the policy it was last enqueued with. ``lane`` is where it lies
    while it is queued.
    """

    job: Job
    order: int
    unique: UniqueKey | None = None
    token: str | None = None
    deadline: float = 0.0
    timed: bool = False
    lane: Lane | None = None
    attempts: list[Attempt] = field(default_factory=list)
    logs: deque[LogLine] = field(default_factory=_empty_log)


@dataclass(slots=True, kw_only=True)
class RememberedKey:
    """An idempotency key with the job that took it, until when, and what may be asked of it again.

    The record is held, not looked up, so that its last state can be told when the job is pruned within the window.
    """

    record: Record
    until: datetime
    task: str
    payload: bytes
