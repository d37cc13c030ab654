"""Fixtures for engine tests, and the checkout on ``sys.path`` so that child processes can import the handlers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headrace.backends.memory import MemoryBackend
from headrace.testing.clock import FrozenClock

ROOT = str(Path(__file__).parents[3])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from tests.unit.engine.support import Rig  # noqa: E402 (the path comes first)


@pytest.fixture
async def backend() -> AsyncIterator[MemoryBackend]:
    """An open memory store on the real clock."""
    store = MemoryBackend()
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that the test moves."""
    return FrozenClock()


@pytest.fixture
async def frozen(clock: FrozenClock) -> AsyncIterator[MemoryBackend]:
    """An open memory store on the frozen clock."""
    store = MemoryBackend(clock=clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def rig(backend: MemoryBackend) -> AsyncIterator[Rig]:
    """A store with tasks and workers that are stopped after the test."""
    made = Rig(backend)
    yield made
    await made.close()
