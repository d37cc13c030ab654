"""How the stores of one backend reach the state they share: one critical section for each verb."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from headrace.backends.memory.state import State
from headrace.errors import Unavailable
from headrace.storage.clock import Clock
from headrace.storage.subscriptions import LocalBus


class Session:
    """One backend's way to the state. ``opened`` says whether its stores answer."""

    __slots__ = ("bus", "clock", "opened", "state")

    def __init__(self, state: State, bus: LocalBus, clock: Clock) -> None:
        self.state = state
        self.bus = bus
        self.clock = clock
        self.opened = False

    def check_open(self) -> None:
        """Raise Unavailable unless the backend is open."""
        if not self.opened:
            raise Unavailable("the memory store is not open: call open() first")

    @contextmanager
    def section(self) -> Iterator[State]:
        """Hold the state for one verb, at one instant, and afterwards tell the subscribers what changed."""
        self.check_open()
        with self.state.lock:
            self.state.begin(self.clock)
            yield self.state
            topics = self.state.topics
        self.bus.publish(topics)
