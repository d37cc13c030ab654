import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from headrace.backends.memory import MemoryBackend
from headrace.errors import ConfigError
from headrace.model.job import NewJob
from headrace.model.outcome import Released
from headrace.model.queue import Retention
from headrace.storage.signals import WORK
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, LIMIT, claim, enqueue, finish, ids_of, job


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def backend(clock: FrozenClock) -> AsyncIterator[MemoryBackend]:
    backend = MemoryBackend(clock=clock)
    await backend.open()
    yield backend
    await backend.close()


def test_another_scheme_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="redis://x"):
        MemoryBackend("redis://x")


async def test_two_backends_share_nothing(backend: MemoryBackend) -> None:
    other = MemoryBackend()
    await other.open()
    await enqueue(backend, job())
    assert await claim(other) == []


async def test_closing_a_backend_ends_its_subscriptions() -> None:
    backend = MemoryBackend()
    await backend.open()
    async with backend.signals.subscribe({WORK}) as signals:
        waiting = asyncio.ensure_future(anext(signals, "ended"))
        await asyncio.sleep(0)
        await backend.close()
        assert await waiting == "ended"


async def test_a_key_past_its_window_is_forgotten(backend: MemoryBackend, clock: FrozenClock) -> None:
    new = NewJob(id=job().id, task="t", payload=b"", idempotency_key="k", idempotency_window=HOUR)
    await backend.jobs.enqueue_many([new])
    clock.advance(2 * HOUR)
    await backend.jobs.prune(Retention(), limit=LIMIT)
    assert backend._place.state.keys == {}


async def test_rates_are_kept_for_a_day(backend: MemoryBackend, clock: FrozenClock) -> None:
    for _ in range(9_000):
        clock.advance(timedelta(seconds=10))
        await enqueue(backend, job())
    [rate] = await backend.reader.rates(window=timedelta(days=30))
    assert rate.enqueued == 8_640


async def test_claims_stay_exact_with_many_jobs_coming_and_going(backend: MemoryBackend) -> None:
    ids = []
    for _ in range(20):
        ids += await enqueue(backend, *(job() for _ in range(1_000)))
    for _ in range(3):
        for claimed in await claim(backend, 500):
            await finish(backend, claimed, Released())
    assert ids_of(await claim(backend, 1_000)) == ids[:1_000]


def test_siblings_in_many_threads_never_claim_a_job_twice() -> None:
    backend = MemoryBackend()
    claimed: list[str] = []

    async def fill() -> None:
        await backend.open()
        await enqueue(backend, *(job() for _ in range(900)))

    async def drain() -> None:
        sibling = backend.sibling()
        await sibling.open()
        while claims := await claim(sibling, 7):
            claimed.extend(ids_of(claims))

    asyncio.run(fill())
    threads = [threading.Thread(target=lambda: asyncio.run(drain())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(claimed), len(set(claimed))) == (900, 900)
