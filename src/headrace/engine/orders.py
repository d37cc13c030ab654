"""What workers are told from outside: to claim nothing more, to stop, to work again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from headrace.errors import ConfigError, UsageError
from headrace.model.ids import WorkerId
from headrace.storage.backend import Backend
from headrace.storage.kv import KeyValueStore, Put
from headrace.storage.signals import ORDER, topic

BUCKET = "worker-orders"

KEPT_FOR = timedelta(days=7)
"""A worker has a new id with each start, so an order outlives its worker for nobody's use."""

_WORKERS = "workers"
"""The bucket of :mod:`headrace.engine.registry`."""


class Order(StrEnum):
    """What a worker does: claim jobs; finish those it has and claim no more; or that, and then stop."""

    WORK = "work"
    QUIET = "quiet"
    STOP = "stop"

    @property
    def meaning(self) -> str:
        """For people."""
        return {"work": "work", "quiet": "claim nothing more", "stop": "stop"}[self.value]


async def give_order(backend: Backend, worker: WorkerId, order: Order | str) -> None:
    """Write the order down, and tell the worker to look. Raises ConfigError and UsageError."""
    try:
        given = Order(order)
    except ValueError:
        raise ConfigError(f"order is one of {', '.join(Order)}; got {order!r}") from None
    [known] = await backend.kv.get_many(_WORKERS, [worker])
    if known is None:
        raise UsageError(f"no worker {worker!r} was heard of within the last half minute; look at those there are")
    value = None if given is Order.WORK else given.value.encode()
    await backend.kv.put_many(BUCKET, [Put(key=worker, value=value, ttl=KEPT_FOR)])
    await backend.signals.publish([topic(ORDER, worker)])


async def read_order(kv: KeyValueStore, worker: WorkerId) -> Order:
    """What the worker is told to do now."""
    [entry] = await kv.get_many(BUCKET, [worker])
    if entry is None or entry.value.decode() not in set(Order):
        return Order.WORK
    return Order(entry.value.decode())
