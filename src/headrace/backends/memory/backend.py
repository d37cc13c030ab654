"""The memory backend: its stores, and its life."""

from __future__ import annotations

from datetime import timedelta

from headrace.backends.memory.events import MemoryEventLog
from headrace.backends.memory.jobs import MemoryJobStore
from headrace.backends.memory.kv import MemoryKeyValueStore
from headrace.backends.memory.limits import MemoryLimitStore
from headrace.backends.memory.locks import MemoryLockStore
from headrace.backends.memory.place import Place
from headrace.backends.memory.queues import MemoryQueueStore
from headrace.backends.memory.reader import MemoryJobReader
from headrace.backends.memory.session import Session
from headrace.backends.memory.signals import MemorySignalBus
from headrace.errors import ConfigError
from headrace.storage.backend import Capabilities, Health
from headrace.storage.clock import Clock, SystemClock

CAPABILITIES = Capabilities(transactions=False, settable_clock=True, processes=False, events=True)


class MemoryBackend:
    """A store in this process. Two backends share nothing, except siblings, which share a ``place``.

    >>> import asyncio
    >>> async def ask() -> bool:
    ...     backend = MemoryBackend()
    ...     await backend.open()
    ...     health = await backend.health()
    ...     await backend.close()
    ...     return health.ok
    >>> asyncio.run(ask())
    True
    """

    def __init__(self, url: str = "memory://", *, clock: Clock | None = None, place: Place | None = None) -> None:
        if not url.startswith("memory:"):
            raise ConfigError(f"url must be memory:// for the memory store; got {url!r}")
        self._url = url
        self._place = place = place or Place()
        self._session = session = Session(place.state, place.bus, clock or SystemClock())
        self.jobs = MemoryJobStore(session, CAPABILITIES)
        self.reader = MemoryJobReader(session)
        self.queues = MemoryQueueStore(session)
        self.limits = MemoryLimitStore(session)
        self.kv = MemoryKeyValueStore(session, place.buckets, CAPABILITIES)
        self.locks = MemoryLockStore(session, place.held)
        self.events = MemoryEventLog(session)
        self.signals = MemorySignalBus(place.bus)

    @property
    def url(self) -> str:
        """The address it was made with."""
        return self._url

    @property
    def capabilities(self) -> Capabilities:
        """No transactions of the caller's and no second process; the clock is the one handed in."""
        return CAPABILITIES

    @property
    def clock(self) -> Clock:
        """The clock that decides."""
        return self._session.clock

    async def open(self) -> None:
        """Let the stores answer; before, and after ``close``, they raise Unavailable."""
        self._session.opened = True

    async def close(self) -> None:
        """Stop answering and end this backend's subscriptions. Siblings go on."""
        self._session.opened = False
        self.signals.close()

    async def health(self) -> Health:
        """How many jobs there are. The latency is that of nothing."""
        if not self._session.opened:
            return Health(ok=False, latency=timedelta(0), problems=("the memory store is not open",))
        with self._session.section() as state:
            return Health(ok=True, latency=timedelta(0), facts={"jobs": str(len(state.records))})

    def sibling(self) -> MemoryBackend:
        """A backend on the same jobs, not yet open, for another thread or loop."""
        return MemoryBackend(self._url, clock=self.clock, place=self._place)

    def vouch(self, worker: str) -> None:
        """Nothing: who lives in this process dies with the store."""

    def disown(self, worker: str) -> None:
        """Nothing."""
