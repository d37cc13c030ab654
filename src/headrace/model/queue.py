"""A queue's settings and figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from headrace.model.job import JobState


class Retention(Struct, frozen=True, kw_only=True, gc=False):
    """How long a job is kept after it ended, by how it ended. Every figure is bounded: nothing is kept for ever."""

    succeeded: timedelta = timedelta(days=3)
    cancelled: timedelta = timedelta(days=7)
    expired: timedelta = timedelta(days=7)
    dead: timedelta = timedelta(days=90)


class QueueSettings(Struct, frozen=True, kw_only=True, gc=False):
    """What a store keeps about a queue. ``retention`` None means the default the app hands to ``prune``."""

    name: str
    paused: bool = False
    pause_reason: str | None = None
    paused_at: datetime | None = None
    retention: Retention | None = None


class JobCount(Struct, frozen=True, kw_only=True, gc=False):
    """How many jobs of a queue are in a state."""

    queue: str
    state: JobState
    count: int


class QueueRate(Struct, frozen=True, kw_only=True, gc=False):
    """What happened in a queue during a window that ends now: how many jobs were enqueued, begun and ended."""

    queue: str
    window: timedelta
    enqueued: int = 0
    claimed: int = 0
    succeeded: int = 0
    failed: int = 0
    lost: int = 0
    dead: int = 0


class QueueStats(Struct, frozen=True, kw_only=True, gc=False):
    """A queue at a glance: how many jobs are in which state, since when the oldest could run, and its pace.

    ``counts`` leaves out states without jobs. ``oldest_queued_at`` is None when no job is queued.
    """

    queue: str
    paused: bool
    counts: Mapping[JobState, int]
    oldest_queued_at: datetime | None
    rate: QueueRate
