"""The suite: every group of promises in one class."""

from __future__ import annotations

import pytest

from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.ageing import AgeingPromises
from headrace.testing.conformance.cancel import CancelPromises
from headrace.testing.conformance.claim import ClaimPromises
from headrace.testing.conformance.concurrency import ConcurrencyPromises
from headrace.testing.conformance.counters import CounterPromises
from headrace.testing.conformance.debounce import DebouncePromises
from headrace.testing.conformance.delete import DeletePromises
from headrace.testing.conformance.edit import EditPromises
from headrace.testing.conformance.enqueue import EnqueuePromises
from headrace.testing.conformance.errors import ErrorPromises
from headrace.testing.conformance.events import EventPromises, NoEventPromises
from headrace.testing.conformance.fairness import FairnessPromises
from headrace.testing.conformance.fencing import FencingPromises
from headrace.testing.conformance.finish import FinishPromises
from headrace.testing.conformance.idempotency import IdempotencyPromises
from headrace.testing.conformance.interruption import InterruptionPromises
from headrace.testing.conformance.kv import KeyValuePromises
from headrace.testing.conformance.leases import LeasePromises
from headrace.testing.conformance.limits_and_errors import LimitPromises
from headrace.testing.conformance.locks import LockPromises
from headrace.testing.conformance.ordering import OrderingPromises
from headrace.testing.conformance.queues import QueuePromises
from headrace.testing.conformance.rate_limits import RateLimitPromises
from headrace.testing.conformance.reading import ReadingPromises
from headrace.testing.conformance.restore import RestorePromises
from headrace.testing.conformance.retry import RetryPromises
from headrace.testing.conformance.search import SearchPromises
from headrace.testing.conformance.signals import SignalPromises
from headrace.testing.conformance.unique import UniquePromises, UniqueReplacePromises, UniqueReturnPromises
from headrace.testing.conformance.upkeep import UpkeepPromises
from headrace.testing.conformance.waiting import WaitingPromises


@pytest.mark.asyncio
class BackendConformance(
    EnqueuePromises,
    IdempotencyPromises,
    UniquePromises,
    UniqueReplacePromises,
    UniqueReturnPromises,
    DebouncePromises,
    ClaimPromises,
    LeasePromises,
    FencingPromises,
    FinishPromises,
    WaitingPromises,
    CancelPromises,
    RetryPromises,
    EditPromises,
    RestorePromises,
    DeletePromises,
    UpkeepPromises,
    ReadingPromises,
    ErrorPromises,
    SearchPromises,
    CounterPromises,
    QueuePromises,
    KeyValuePromises,
    LockPromises,
    SignalPromises,
    EventPromises,
    NoEventPromises,
    InterruptionPromises,
    LimitPromises,
    ConcurrencyPromises,
    RateLimitPromises,
    FairnessPromises,
    OrderingPromises,
    AgeingPromises,
):
    """What every store must do. Subclass it with a fixture ``backend``: an open backend that obeys ``clock``."""

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """The clock to make the backend with; the tests move it."""
        return FrozenClock()
