from collections.abc import AsyncIterator

import pytest

from headrace.backends.memory import MemoryBackend
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance import BackendConformance


class TestMemory(BackendConformance):
    @pytest.fixture
    async def backend(self, clock: FrozenClock) -> AsyncIterator[Backend]:
        backend = MemoryBackend(clock=clock)
        await backend.open()
        yield backend
        await backend.close()
