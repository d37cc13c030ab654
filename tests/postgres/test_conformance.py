"""The groups of the conformance suite that the store passes so far.

It is not offered under a URL before it passes all of them: limits, order, turns and ageing are to come.
"""

from collections.abc import AsyncIterator

import pytest

from headrace.backends.postgres import PostgresBackend
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
from headrace.testing.conformance.retry import RetryPromises
from headrace.testing.conformance.search import SearchPromises
from headrace.testing.conformance.signals import SignalPromises
from headrace.testing.conformance.unique import UniquePromises, UniqueReplacePromises, UniqueReturnPromises
from headrace.testing.conformance.upkeep import UpkeepPromises
from headrace.testing.conformance.waiting import WaitingPromises


class TestPostgres(
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
    InterruptionPromises,
    LimitPromises,
    ConcurrencyPromises,
    RateLimitPromises,
    FairnessPromises,
    OrderingPromises,
    AgeingPromises,
):
    @pytest.fixture
    def clock(self) -> FrozenClock:
        return FrozenClock()

    @pytest.fixture
    async def backend(self, clock: FrozenClock, database: str) -> AsyncIterator[PostgresBackend]:
        backend = PostgresBackend(database, clock=clock)
        await backend.open()
        yield backend
        await backend.close()
