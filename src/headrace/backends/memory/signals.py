"""Signals between the event loops and threads of one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from headrace.storage.subscriptions import LocalBus, Subscription


class MemorySignalBus:
    """One backend's view of the bus; closing the backend ends its subscriptions."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self._own: set[Subscription] = set()

    async def publish(self, topics: Iterable[str]) -> None:
        """Tell subscribers of these topics, on whichever loop they are."""
        self._bus.publish(dict.fromkeys(topics))

    @asynccontextmanager
    async def subscribe(self, kinds: Collection[str]) -> AsyncIterator[AsyncIterator[str]]:
        """All topics of these kinds from now on."""
        subscription = Subscription(kinds)
        self._own.add(subscription)
        try:
            with self._bus.joined(subscription):
                yield subscription
        finally:
            subscription.close()
            self._own.discard(subscription)

    def close(self) -> None:
        """End the iterations of this backend's subscribers."""
        for subscription in self._own:
            subscription.close()
