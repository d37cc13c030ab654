"""A backend: the stores of one place, with what they can do declared."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from headrace.storage.clock import Clock
from headrace.storage.events import EventLog
from headrace.storage.jobs import JobReader, JobStore
from headrace.storage.kv import KeyValueStore
from headrace.storage.limits import LimitStore
from headrace.storage.locks import LockStore
from headrace.storage.queues import QueueStore
from headrace.storage.signals import SignalBus

MAX_BATCH_DEFAULT = 1_000
MAX_PAYLOAD_DEFAULT = 1 << 20
"""1 MiB inline: larger data belongs in a file or an object store, and the job carries its name."""


class Capabilities(Struct, frozen=True, kw_only=True, gc=False):
    """What a backend can do; everything it cannot is refused with ``Unsupported``, never approximated.

    ``transactions``: ``jobs.within(connection)`` works. ``settable_clock``: obeys the clock it is given.
    ``processes``: several processes can share it. ``waiting_claims``: obeys ``ClaimRequest.wait``.
    ``events``: keeps a journal of job events. ``time_precision``: the finest step instants are kept in.
    ``retention_slack``: how much longer than its retention a job may be kept, because history goes in larger parts.
    ``parallel_writes``: batches that are handed in at the same time are written at the same time.
    """

    transactions: bool
    settable_clock: bool
    processes: bool
    waiting_claims: bool = False
    events: bool = False
    max_batch: int = MAX_BATCH_DEFAULT
    max_payload: int = MAX_PAYLOAD_DEFAULT
    time_precision: timedelta = timedelta(microseconds=1)
    retention_slack: timedelta = timedelta(0)
    parallel_writes: bool = False


class Health(Struct, frozen=True, kw_only=True, gc=False):
    """Whether the store answers, how long it took, and facts for people (path, size, version ...)."""

    ok: bool
    latency: timedelta
    facts: dict[str, str] = {}
    problems: tuple[str, ...] = ()


class Backend(Protocol):
    """The stores and their life. ``open`` before use; ``close`` is idempotent."""

    @property
    def url(self) -> str: ...
    @property
    def capabilities(self) -> Capabilities: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def jobs(self) -> JobStore: ...
    @property
    def reader(self) -> JobReader: ...
    @property
    def queues(self) -> QueueStore: ...
    @property
    def limits(self) -> LimitStore: ...
    @property
    def kv(self) -> KeyValueStore: ...
    @property
    def locks(self) -> LockStore: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def signals(self) -> SignalBus: ...

    async def open(self) -> None:
        """Connect, and make the schema where there is none. Raises a StorageError that says what is wrong."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of everything. Safe before ``open``, and twice."""
        ...

    async def health(self) -> Health:
        """Ask the store something small. Never raises; a failure is ``ok=False`` with the problem."""
        ...

    def sibling(self) -> Backend:
        """Another backend on the same place, not yet open, that can live on another event loop.

        The heartbeater uses one from its own thread.
        """
        ...

    def vouch(self, worker: str) -> None:
        """Called by a worker before it claims: bind its leases to the life of this process, where the store can.

        A store that can see that the process lives may keep the leases of a vouched worker that is silent because
        something holds the interpreter's lock; a store that cannot does nothing.
        """
        ...

    def disown(self, worker: str) -> None:
        """End what ``vouch`` began."""
        ...
