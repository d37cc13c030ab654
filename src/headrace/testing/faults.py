"""A backend that fails on purpose, around any real one: what a test needs to meet lost replies without a network.

A call can fail before its effect, after it (the reply is lost), late, or both; a signal can be lost or doubled. What
goes wrong is decided by a plan: `RandomFaults` from a seed, `Script` call by call. The backend below is not changed and
knows nothing of it, so the very same code runs in production.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from headrace.model.durations import ZERO
from headrace.storage.backend import Backend, Capabilities, Health
from headrace.storage.clock import Clock
from headrace.storage.events import EventLog
from headrace.storage.jobs import JobReader, JobStore
from headrace.storage.kv import KeyValueStore
from headrace.storage.limits import LimitStore
from headrace.storage.locks import LockStore
from headrace.storage.queues import QueueStore
from headrace.storage.signals import SignalBus
from headrace.testing.fault_plans import Fault, FaultPlan, Outage, RandomFaults, Script, lost_reply, refused

__all__ = ["Fault", "FaultPlan", "FaultyBackend", "Outage", "RandomFaults", "Script", "lost_reply", "refused"]


class FaultyBackend:
    """A backend whose calls go wrong as the plan says. Siblings share the plan.

    >>> from headrace.backends.memory import MemoryBackend
    >>> from headrace.errors import Unavailable
    >>> from headrace.model.ids import new_job_id
    >>> from headrace.model.job import NewJob
    >>> async def main() -> None:
    ...     backend = FaultyBackend(MemoryBackend(), Script({("jobs.enqueue_many", 1): lost_reply()}))
    ...     await backend.open()
    ...     job = NewJob(id=new_job_id(), task="greet", payload=b"[]")
    ...     try:
    ...         await backend.jobs.enqueue_many([job])
    ...     except Unavailable as error:
    ...         print(error)
    ...     [again] = await backend.jobs.enqueue_many([job])
    ...     print("stored by the first call:", again.duplicate)
    >>> asyncio.run(main())
    injected: the reply was lost after the effect
    stored by the first call: True
    """

    def __init__(self, backend: Backend, plan: FaultPlan) -> None:
        self._backend = backend
        self._plan = plan
        self.jobs = cast("JobStore", _FaultyStore(backend.jobs, "jobs", plan))
        self.reader = cast("JobReader", _FaultyStore(backend.reader, "reader", plan))
        self.queues = cast("QueueStore", _FaultyStore(backend.queues, "queues", plan))
        self.limits = cast("LimitStore", _FaultyStore(backend.limits, "limits", plan))
        self.kv = cast("KeyValueStore", _FaultyStore(backend.kv, "kv", plan))
        self.locks = cast("LockStore", _FaultyStore(backend.locks, "locks", plan))
        self.events = cast("EventLog", _FaultyStore(backend.events, "events", plan))
        self.signals: SignalBus = _FaultySignals(backend.signals, plan)

    @property
    def url(self) -> str:
        """That of the backend below."""
        return self._backend.url

    @property
    def capabilities(self) -> Capabilities:
        """Those of the backend below."""
        return self._backend.capabilities

    @property
    def clock(self) -> Clock:
        """That of the backend below."""
        return self._backend.clock

    async def open(self) -> None:
        """Open the backend below; opening does not fail on purpose."""
        await self._backend.open()

    async def close(self) -> None:
        """Close the backend below."""
        await self._backend.close()

    async def health(self) -> Health:
        """The health of the backend below."""
        return await self._backend.health()

    def sibling(self) -> FaultyBackend:
        """A sibling of the backend below, with the same plan."""
        return FaultyBackend(self._backend.sibling(), self._plan)

    def vouch(self, worker: str) -> None:
        """Passed on."""
        self._backend.vouch(worker)

    def disown(self, worker: str) -> None:
        """Passed on."""
        self._backend.disown(worker)


class _FaultyStore:
    """Any of the stores: every coroutine method is subject to the plan, everything else is passed on."""

    def __init__(self, store: object, name: str, plan: FaultPlan) -> None:
        self._store = store
        self._name = name
        self._plan = plan

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._store, method)
        if method == "within":
            return lambda connection: _FaultyStore(real(connection), self._name, self._plan)
        if not inspect.iscoroutinefunction(real):
            return real
        verb = f"{self._name}.{method}"

        async def call(*args: Any, **kwargs: Any) -> Any:
            fault = self._plan.fault(verb)
            if fault is None:
                return await real(*args, **kwargs)
            await _pass(fault.delay)
            if fault.before is not None:
                fault.before()
            reply = await real(*args, **kwargs)
            if fault.after is not None:
                fault.after()
            await _pass(fault.reply_delay)
            return reply

        return call


async def _pass(time: timedelta) -> None:
    if time > ZERO:
        await asyncio.sleep(time.total_seconds())


class _FaultySignals:
    """Signals are lost and doubled on their way to the subscriber: stores send some of them by themselves."""

    def __init__(self, signals: SignalBus, plan: FaultPlan) -> None:
        self._signals = signals
        self._plan = plan

    async def publish(self, topics: Iterable[str]) -> None:
        await self._signals.publish(topics)

    @asynccontextmanager
    async def subscribe(self, kinds: Collection[str]) -> AsyncIterator[AsyncIterator[str]]:
        async with self._signals.subscribe(kinds) as topics:
            yield self._heard(topics)

    async def _heard(self, topics: AsyncIterator[str]) -> AsyncIterator[str]:
        async for topic in topics:
            for _ in range(self._plan.copies(topic)):
                yield topic
