from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headrace import Headrace
from headrace.backends.memory import MemoryBackend
from headrace.testing.clock import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def app(clock: FrozenClock) -> AsyncIterator[Headrace]:
    """An open app on a memory store whose time stands still."""
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        yield app
