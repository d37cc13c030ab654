"""What siblings share: one place in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.backends.memory.kv import Bucket
from headrace.backends.memory.locks import Held
from headrace.backends.memory.state import State
from headrace.storage.subscriptions import LocalBus


@dataclass(slots=True)
class Place:
    """Jobs, values, locks and subscribers. The lock in ``state`` guards all but ``bus``, which has its own."""

    state: State = field(default_factory=State)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    bus: LocalBus = field(default_factory=LocalBus)
