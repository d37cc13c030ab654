"""How a worker works."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct, field

from headrace.errors import ConfigError
from headrace.model.durations import check_duration
from headrace.model.job import QUEUE_DEFAULT
from headrace.model.queue import Retention

CONCURRENCY_DEFAULT = 10
LEASE_DEFAULT = timedelta(seconds=30)
LEASE_MIN = timedelta(milliseconds=100)
LEASE_MAX = timedelta(hours=1)
GRACE_DEFAULT = timedelta(seconds=30)
PREFETCH_MAX = 2_000
"""Prefetched jobs are hidden from other workers until they start, so never more than two batches are. Fewer
would leave a fast store waiting for the worker: a claim is to bring the next jobs before the last ones have ended."""


class WorkerConfig(Struct, frozen=True, kw_only=True):
    """How a worker works. Each field's default suits most; the text says what changing it costs.

    queues: how many jobs of each queue run at once in this worker. Default: ten of each that a
        task of the app names, or of ``default`` where none does.
    lease: how long this worker may be silent before its jobs are given to others. 30 s; from 100 ms to 1 h. Shorter
        recovers sooner from a crash and writes more heartbeats (three a lease). A job may run far longer than it.
    grace: how long a stopping worker lets running jobs finish before it cancels and releases them. 30 s.
    prefetch: how many claimed jobs may wait in memory for a free slot, over all queues. None, the default, is twice
        as many as there are slots; more than 2,000 are never held. No more are claimed than should start within a
        second, and what has not started within two is given back; limits of concurrency count them. 0 claims nothing
        ahead.
    poll: the longest time between two looks at the store, should every signal be lost. 5 s.
    retention: how long ended jobs are kept, where a queue does not say otherwise.
    lag_warning: report the handler's stack when the event loop stood still for this long. 1 s.
    threads: size of the pool that runs ``def`` handlers. None: as many as there are slots, at most 64.
    processes: size of the pool for tasks with ``executor="process"``. None: as many as the machine has processors.
    recycle_jobs: end a child process after this many jobs. None: never.
    recycle_memory: end a child process whose resident memory exceeds this many bytes. None: never.
    quarantine_after: a job whose worker died this many times in a row while running it is dead, whatever attempts are
        left: it is likelier to be what kills them. 3; None lets it use up its attempts.
    events: have the store keep a journal of job events, for ``app.events``, when this worker starts. It stays on for
        all until somebody switches it off.
    webhook_networks: networks that webhooks may reach beside public addresses, with commas: ``10.0.0.0/8,127.0.0.1``.
        None by default, so that whoever may add a webhook cannot reach what is inside.
    upkeep: let this worker stand for leader and do upkeep (promote, rescue, expire, prune).
    fetch_failure_limit: leave, so that a supervisor restarts the process, when no claim has succeeded for this long
        although the store was asked. 5 min; None never leaves.
    """

    queues: Mapping[str, int] = field(default_factory=lambda: {QUEUE_DEFAULT: CONCURRENCY_DEFAULT})
    lease: timedelta = LEASE_DEFAULT
    grace: timedelta = GRACE_DEFAULT
    prefetch: int | None = None
    poll: timedelta = timedelta(seconds=5)
    retention: Retention = Retention()
    lag_warning: timedelta = timedelta(seconds=1)
    threads: int | None = None
    processes: int | None = None
    recycle_jobs: int | None = None
    recycle_memory: int | None = None
    quarantine_after: int | None = 3
    events: bool = False
    webhook_networks: str = ""
    upkeep: bool = True
    fetch_failure_limit: timedelta | None = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if not self.queues:
            raise ConfigError("queues is empty: name at least one, such as queues={'default': 10}")
        for name, slots in self.queues.items():
            check_queue_name(name)
            if not isinstance(slots, int) or slots < 1:
                raise ConfigError(f"queues[{name!r}] is the number of jobs to run at once, at least 1; got {slots!r}")
        for name in ("lease", "grace", "poll", "lag_warning"):
            check_duration(name, getattr(self, name))
        if self.fetch_failure_limit is not None:
            check_duration("fetch_failure_limit", self.fetch_failure_limit)
        if not LEASE_MIN <= self.lease <= LEASE_MAX:
            raise ConfigError(f"lease must be between 100 ms and 1 h; got {self.lease}")
        for name, least in (
            ("prefetch", 0),
            ("threads", 1),
            ("processes", 1),
            ("recycle_jobs", 1),
            ("recycle_memory", 1),
            ("quarantine_after", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}, or None for the default; got {value!r}")

    @property
    def slots(self) -> int:
        """How many jobs this worker runs at once, over all queues."""
        return sum(self.queues.values())

    @property
    def prefetch_effective(self) -> int:
        """The prefetch that applies."""
        return min(2 * self.slots if self.prefetch is None else self.prefetch, PREFETCH_MAX)


QUEUE_NAME_MAX = 128


def check_queue_name(name: str) -> None:
    """Raise ConfigError unless ``name`` can be a queue's name: 1 to 128 printable characters without spaces.

    >>> check_queue_name("mail.eu-1")
    """
    if not isinstance(name, str) or not 0 < len(name) <= QUEUE_NAME_MAX or not name.isprintable() or " " in name:
        raise ConfigError(
            f"{name!r} is not a queue name: use 1 to {QUEUE_NAME_MAX} printable characters without spaces"
        )
