"""What workers are told from outside: to claim nothing more, to stop, to work again, and how much to log."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from headrace.errors import ConfigError, UsageError
from headrace.logs import parse_levels
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
    value = None if given is Order.WORK else given.value.encode()
    await _tell(backend, worker, Put(key=worker, value=value, ttl=KEPT_FOR))


async def give_levels(backend: Backend, worker: WorkerId, levels: str) -> None:
    """Write down how much the worker is to log, and tell it to look. Raises ConfigError and UsageError."""
    if not parse_levels(levels):
        raise ConfigError(f"levels is such as debug, or info,headrace.sqlite=debug; got {levels!r}")
    await _tell(backend, worker, Put(key=_log_key(worker), value=levels.encode(), ttl=KEPT_FOR))


async def _tell(backend: Backend, worker: WorkerId, put: Put) -> None:
    [known] = await backend.kv.get_many(_WORKERS, [worker])
    if known is None:
        raise UsageError(f"no worker {worker!r} was heard of within the last half minute; look at those there are")
    await backend.kv.put_many(BUCKET, [put])
    await backend.signals.publish([topic(ORDER, worker)])


class Told(NamedTuple):
    """What a worker is told now. ``levels`` is empty where it logs as it was set up."""

    order: Order = Order.WORK
    levels: str = ""


async def read_told(kv: KeyValueStore, worker: WorkerId) -> Told:
    """What the worker is told to do now, and how much to log."""
    order, levels = await kv.get_many(BUCKET, [worker, _log_key(worker)])
    known = order is not None and order.value.decode() in set(Order)
    return Told(
        Order(order.value.decode()) if order is not None and known else Order.WORK,
        "" if levels is None else levels.value.decode(),
    )


async def read_order(kv: KeyValueStore, worker: WorkerId) -> Order:
    """What the worker is told to do now."""
    return (await read_told(kv, worker)).order


def _log_key(worker: WorkerId) -> str:
    return f"{worker}/log"
