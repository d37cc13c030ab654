"""What the groups about limits share: setting them, and looking at what they let through."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from headrace.model.job import NewJob
from headrace.model.limits import Limit, LimitTarget, LimitUsage, Rate
from headrace.model.queue import QueueSettings
from headrace.storage.backend import Backend
from headrace.testing.conformance.builders import claim, job

SECOND = timedelta(seconds=1)


async def limit(
    backend: Backend, target: str | LimitTarget, *, concurrency: int | None = None, rate: Rate | None = None
) -> None:
    """Set one limit."""
    where = LimitTarget.parse(target) if isinstance(target, str) else target
    await backend.limits.set_many([Limit(target=where, concurrency=concurrency, rate=rate)])


async def usage(backend: Backend, target: str) -> LimitUsage:
    """How a limit that must be there stands."""
    [found] = await backend.limits.usage([LimitTarget.parse(target)])
    assert found is not None
    return found


async def configure(
    backend: Backend,
    queue: str = "default",
    *,
    fair: bool = False,
    ordered: bool = False,
    ageing: timedelta | None = None,
) -> None:
    """Give a queue an order of its own."""
    await backend.queues.configure_many([QueueSettings(name=queue, fair=fair, ordered=ordered, ageing=ageing)])


def keyed(key: str | None, count: int = 1, **values: Any) -> list[NewJob]:
    """New jobs of one key."""
    return [job(partition=key, **values) for _ in range(count)]


async def keys_claimed(backend: Backend, count: int, *, queue: str = "default") -> list[str | None]:
    """The keys of what a claim brings, in its order."""
    return [each.job.partition for each in await claim(backend, count, queue=queue)]
