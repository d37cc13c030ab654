"""Queues: what they hold, their settings, pausing, draining and purging."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from headrace.model.job import JobState
from headrace.wire.base import Duration, Reply, Request, Text

QueueName = Annotated[
    str, Meta(min_length=1, max_length=128, pattern="^[^\\x00 ]*$", description="The name of a queue.")
]
RateText = Annotated[str, Meta(max_length=60, examples=["100/s", "5/10s", "1000/h burst 50"])]


class Nothing(Request, frozen=True, kw_only=True):
    """A request that says nothing more."""


class QueueNamed(Request, frozen=True, kw_only=True):
    """Which queue."""

    queue: QueueName


class PauseQueue(QueueNamed, frozen=True, kw_only=True):
    """Which queue to pause, and why."""

    reason: Text = ""


class ConfigureQueue(QueueNamed, frozen=True, kw_only=True):
    """Limits and order of a queue; what is left out stays, and null takes a limit away.

    The options are those of ``app.configure_queue``.
    """

    concurrency: Annotated[int, Meta(ge=1, le=1000000)] | UnsetType | None = UNSET
    rate: RateText | UnsetType | None = UNSET
    key_concurrency: Annotated[int, Meta(ge=1, le=1000000)] | UnsetType | None = UNSET
    key_rate: RateText | UnsetType | None = UNSET
    fair: bool | UnsetType = UNSET
    ordered: bool | UnsetType = UNSET
    ageing: Duration | UnsetType | None = UNSET


class DrainQueue(QueueNamed, frozen=True, kw_only=True):
    """Which queue to wait for, and how long at most."""

    wait: Duration | None = None


class Drained(Reply, frozen=True, kw_only=True):
    """Whether the queue has neither queued nor running jobs, and what it holds by state."""

    queue: str
    empty: bool
    counts: dict[JobState, int]


class PurgeQueue(QueueNamed, frozen=True, kw_only=True):
    """Which queue's jobs to delete: those in ``states``, as of now. Running jobs are never deleted."""

    states: Annotated[tuple[JobState, ...], Meta(min_length=1, max_length=len(JobState))] = (
        JobState.SCHEDULED,
        JobState.QUEUED,
        JobState.WAITING,
    )


class QueuePace(Reply, frozen=True, kw_only=True):
    """What happened in a queue within the last ``window_s``, in jobs."""

    window_s: float
    enqueued: int
    claimed: int
    succeeded: int
    failed: int
    lost: int
    dead: int


class QueueView(Reply, frozen=True, kw_only=True):
    """A queue: its jobs by state, zeros included, its pace, its settings and limits."""

    name: str
    paused: bool
    pause_reason: str | None
    paused_at: datetime | None
    counts: dict[JobState, int]
    oldest_waiting_s: float | None
    pace: QueuePace
    fair: bool
    ordered: bool
    ageing_s: float | None
    concurrency: int | None = None
    rate: str | None = None
    key_concurrency: int | None = None
    key_rate: str | None = None
