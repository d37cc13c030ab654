"""The half of every signal bus that is within a process: subscriptions, filled from any thread, read on their loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager

PENDING_TOPICS_MAX = 1_000
"""Topics kept for a subscriber that does not read; beyond it, all of a kind become one ``KIND:*``."""


def kind_of(topic: str) -> str:
    """The kind of a topic.

    >>> kind_of("work:mail")
    'work'
    """
    return topic.partition(":")[0]


class Subscription:
    """What one subscriber has still to hear. Filled from any thread, read on the loop that subscribed."""

    def __init__(self, kinds: Collection[str]) -> None:
        self.closed = False
        self._kinds = frozenset(kinds)
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._ready = asyncio.Event()
        self._lock = threading.Lock()
        self._pending: dict[str, None] = {}

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while True:
            with self._lock:
                if self._pending:
                    return self._take()
                if self.closed:
                    raise StopAsyncIteration
                self._ready.clear()
            await self._ready.wait()

    def offer(self, topics: Iterable[str]) -> None:
        """Note the topics of the subscribed kinds, and wake the reader."""
        with self._lock:
            before = len(self._pending)
            for topic in topics:
                self._note(topic)
            if len(self._pending) > before or before:
                self._wake()

    def close(self) -> None:
        """End the iteration once what is pending has been read."""
        with self._lock:
            self.closed = True
            self._wake()

    def listens_to(self, kind: str) -> bool:
        """Whether topics of this kind are wanted."""
        return kind in self._kinds

    def _take(self) -> str:
        topic = next(iter(self._pending))
        del self._pending[topic]
        return topic

    def _note(self, topic: str) -> None:
        kind = kind_of(topic)
        everything = f"{kind}:*"
        if kind not in self._kinds or everything in self._pending:
            return
        if len(self._pending) >= PENDING_TOPICS_MAX or topic == everything:
            self._pending = {kept: None for kept in self._pending if kind_of(kept) != kind}
            topic = everything
        self._pending[topic] = None

    def _wake(self) -> None:
        """Safe from any thread; a loop that has been closed needs no waking."""
        if threading.get_ident() == self._thread:
            self._ready.set()  # on its own loop already: no hop
        elif not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._ready.set)
            except RuntimeError:  # it was closed between the question and the call
                return


class LocalBus:
    """The subscriptions of one process to one place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()

    def publish(self, topics: Collection[str]) -> None:
        """Tell every subscription."""
        if topics:
            for subscription in self._subscriptions:
                subscription.offer(topics)

    def heard(self, kind: str) -> bool:
        """Whether anybody listens to this kind: announcing to nobody need not cost anything."""
        return any(subscription.listens_to(kind) for subscription in self._subscriptions)

    @contextmanager
    def joined(self, subscription: Subscription) -> Iterator[None]:
        """Deliver to the subscription within the block."""
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        try:
            yield
        finally:
            with self._lock:
                self._subscriptions = tuple(each for each in self._subscriptions if each is not subscription)
