"""A queue's settings and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import check_duration
from headrace.model.job import FINAL_STATES, JobState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

AGEING_MIN = timedelta(milliseconds=1)
AGEING_MAX = timedelta(days=3650)
"""Beyond ten years a level of priority is never gained; leave ageing out."""

RATE_BUCKET = timedelta(seconds=10)
"""Events are counted in pieces of time this long: few for a busy queue to write, and fine enough to chart."""

RATES_KEPT = timedelta(days=1)
"""Nobody charts them over more."""


def rate_bucket(instant: datetime) -> int:
    """The number of the piece in which an instant lies.

    >>> rate_bucket(datetime(1970, 1, 1, 0, 1, 9, tzinfo=UTC))
    6
    """
    return (instant - _EPOCH) // RATE_BUCKET


class Retention(Struct, frozen=True, kw_only=True, gc=False):
    """How long a job is kept after it ended, by how it ended: a hundred years at most.

    Raises ConfigError that names the field for what is no length of time.
    """

    succeeded: timedelta = timedelta(days=3)
    cancelled: timedelta = timedelta(days=7)
    expired: timedelta = timedelta(days=7)
    dead: timedelta = timedelta(days=90)

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            check_duration(name, getattr(self, name))


class Cutoff(NamedTuple):
    """Jobs that ended in a state before an instant are past their retention.

    Those of one queue, or, with None, those of all queues that have no retention of their own.
    """

    state: JobState
    before: datetime
    queue: str | None


def cutoffs(now: datetime, default: Retention, own: Mapping[str, Retention]) -> Iterator[Cutoff]:
    """What ``prune`` may delete, with the retentions that queues have of their own, by queue."""
    for state in sorted(FINAL_STATES):
        yield Cutoff(state, now - getattr(default, state.value), None)
        for queue, retention in own.items():
            yield Cutoff(state, now - getattr(retention, state.value), queue)


class QueueSettings(Struct, frozen=True, kw_only=True, gc=False):
    """What a store keeps about a queue, beside its limits.

    ``retention`` None means the default the app hands to ``prune``. The order in which ``claim`` takes jobs is by
    priority, then by age, unless one of these says otherwise. Jobs without a ``partition`` count as one key where keys
    take turns, and are not held to any order.

    ``fair``: within a priority, keys take turns: the key that was served longest ago is next.
    ``ordered``: jobs of one key run one at a time, strictly in the order of enqueuing, also across retries: a job
    begins only when every job of its key that was enqueued before it has ended.
    ``ageing``: a waiting job gains a level of priority each time this long has passed, so that nothing starves. With
    ``fair`` keys take turns whatever the priority, and priority decides within a key.
    """

    name: str
    paused: bool = False
    pause_reason: str | None = None
    paused_at: datetime | None = None
    retention: Retention | None = None
    fair: bool = False
    ordered: bool = False
    ageing: timedelta | None = None

    def __post_init__(self) -> None:
        if self.ageing is not None and not AGEING_MIN <= self.ageing <= AGEING_MAX:
            raise ConfigError(f"ageing of queue {self.name!r} is from 1 ms to 10 years, or None; got {self.ageing}")


class JobCount(Struct, frozen=True, kw_only=True, gc=False):
    """How many jobs of a queue are in a state."""

    queue: str
    state: JobState
    count: int


class QueueRate(Struct, frozen=True, kw_only=True, gc=False):
    """What happened in a queue during a window that ends now: how many jobs were enqueued, begun and ended.

    ``window`` is how much time was counted: what was asked for, and up to RATE_BUCKET more.

    >>> rate = QueueRate(queue="mail", window=timedelta(seconds=65), claimed=130)
    >>> rate.per_second("claimed"), rate.per_second("succeeded", "dead")
    (2.0, 0.0)
    """

    queue: str
    window: timedelta
    enqueued: int = 0
    claimed: int = 0
    succeeded: int = 0
    failed: int = 0
    lost: int = 0
    dead: int = 0

    def per_second(self, *events: str) -> float:
        """How many of these happened in a second of the window."""
        seconds = self.window.total_seconds()
        return sum(getattr(self, event) for event in events) / seconds if seconds else 0.0


class QueueStats(Struct, frozen=True, kw_only=True, gc=False):
    """A queue at a glance: how many jobs are in which state, since when the oldest could run, and its pace.

    ``counts`` leaves out states without jobs. ``oldest_queued_at`` is None when no job is queued.
    """

    queue: str
    paused: bool
    counts: Mapping[JobState, int]
    oldest_queued_at: datetime | None
    rate: QueueRate


def counted_window(window: timedelta, now: datetime) -> timedelta:
    """The time that the pieces cover in which the last ``window`` lies. Rates are over it, for its pieces are whole.

    >>> from datetime import UTC
    >>> counted_window(timedelta(minutes=1), datetime(2025, 1, 31, 12, 0, 7, tzinfo=UTC))
    datetime.timedelta(seconds=67)
    """
    return window + (now - window - _EPOCH) % RATE_BUCKET
