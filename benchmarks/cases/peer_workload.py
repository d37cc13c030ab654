"""The workload of the peers on PostgreSQL, the same for each: bulk enqueue, drain, single enqueues, pickup.

It is that of ``postgres_drain``, ``postgres_single`` and ``postgres_pickup``; ``node/workload.mjs`` is the same for
peers in Node. The drain counts from the start of the first handler until the peer has acknowledged every job.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from benchmarks.cases.common import percentile, rate
from benchmarks.cases.headrace_pickup import RATE, pickup_figures
from benchmarks.cases.headrace_single import CALLERS
from benchmarks.cases.postgres_common import LOOK_EVERY_S, SLOTS, MeasuredServer

PICKUP_SLOTS = 10


class Handled:
    """What the handlers saw."""

    def __init__(self) -> None:
        self.noops = 0
        self.first = 0.0
        self.waits: list[float] = []

    def noop(self) -> None:
        """A job without work has run."""
        self.first = self.first or time.perf_counter()
        self.noops += 1

    def pickup(self, asked_at: float) -> None:
        """A job that was enqueued at ``asked_at`` (``time.monotonic``) has begun."""
        self.waits.append(time.monotonic() - asked_at)


class Peer(Protocol):
    """A job queue as the workload needs it. Its handlers tell ``handled``."""

    handled: Handled

    async def enqueue_all(self, jobs: int) -> None:
        """Enqueue jobs without work in the quickest way it has for many."""
        ...

    async def enqueue(self, number: int) -> None:
        """Enqueue one."""
        ...

    async def enqueue_pickup(self, asked_at: float) -> None:
        """Enqueue one that tells how long it took to begin."""
        ...

    def working(self, slots: int) -> AbstractAsyncContextManager[None]:
        """One worker, which takes up to so many jobs at a time."""
        ...

    async def left(self) -> int:
        """How many jobs are not acknowledged."""
        ...


async def figures_of(peer: Peer, server: MeasuredServer, jobs: int) -> dict[str, float]:
    """All figures, of a peer whose schema is there and empty."""
    figures = await _drain(peer, server, jobs)
    figures |= await _singles(peer, jobs)
    await _work_off(peer)
    return figures | pickup_figures("in process", await _pickups(peer, jobs // 12))


async def _drain(peer: Peer, server: MeasuredServer, jobs: int) -> dict[str, float]:
    handled = peer.handled
    begun = time.perf_counter()
    await peer.enqueue_all(jobs)
    bulk = rate(jobs, begun)
    begun, cpu, server_cpu = time.perf_counter(), time.process_time(), server.cpu_s()
    async with peer.working(SLOTS):
        # Handlers are counted here, and the peer's table is asked only then: the question has a price.
        await _until(lambda: handled.noops >= jobs)
        await _until_acknowledged(peer)
        drain, with_start = rate(jobs, handled.first), rate(jobs, begun)
        cpu, server_cpu = time.process_time() - cpu, server.cpu_s() - server_cpu
    if handled.noops != jobs:
        raise RuntimeError(f"{handled.noops} of {jobs} jobs ran")
    return {
        "bulk enqueue, jobs/s": bulk,
        "drain, jobs/s": drain,
        "drain with the start of the worker, jobs/s": with_start,
        "client CPU, us/job": cpu / jobs * 1e6,
        "server CPU, us/job": server_cpu / jobs * 1e6,
    }


async def _singles(peer: Peer, jobs: int) -> dict[str, float]:
    singles: list[float] = []

    async def caller(count: int) -> None:
        for number in range(count):
            asked = time.perf_counter()
            await peer.enqueue(number)
            singles.append(time.perf_counter() - asked)

    each = max(1, jobs // 4 // CALLERS)
    await caller(20)
    singles.clear()
    begun = time.perf_counter()
    await asyncio.gather(*(caller(each) for _ in range(CALLERS)))
    together, p99 = rate(each * CALLERS, begun), percentile(singles, 0.99) * 1e3
    singles.clear()
    begun = time.perf_counter()
    await caller(jobs // 20)
    return {
        "50 concurrent single enqueues, jobs/s": together,
        "50 concurrent single enqueues, p99 ms": p99,
        "single enqueue, one caller, jobs/s": rate(jobs // 20, begun),
        "single enqueue, one caller, p50 ms": percentile(singles, 0.5) * 1e3,
    }


async def _pickups(peer: Peer, count: int) -> list[float]:
    """The waits of jobs enqueued at a steady rate, without the first tenth, in which connections are opened."""
    waits = peer.handled.waits
    warm = count // 10
    async with peer.working(PICKUP_SLOTS):
        begun = time.monotonic()
        for number in range(warm + count):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            await peer.enqueue_pickup(time.monotonic())
        await _until(lambda: len(waits) >= warm + count)
    return waits[warm:]


async def _work_off(peer: Peer) -> None:
    """End what the single enqueues left."""
    async with peer.working(SLOTS):
        await _until_acknowledged(peer)


async def _until_acknowledged(peer: Peer) -> None:
    while await peer.left():
        await asyncio.sleep(LOOK_EVERY_S)


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(LOOK_EVERY_S)
