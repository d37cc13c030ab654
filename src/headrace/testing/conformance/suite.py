"""The suite: every group of promises in one class."""

from __future__ import annotations

import pytest

from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.claim import ClaimPromises
from headrace.testing.conformance.enqueue import EnqueuePromises
from headrace.testing.conformance.idempotency import IdempotencyPromises


@pytest.mark.asyncio
class BackendConformance(EnqueuePromises, IdempotencyPromises, ClaimPromises):
    """What every store must do. Subclass it with a fixture ``backend``: an open backend that obeys ``clock``."""

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """The clock to make the backend with; the tests move it."""
        return FrozenClock()
