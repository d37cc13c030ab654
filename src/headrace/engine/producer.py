"""Claims as many jobs as there is room for."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from headrace.config import WorkerConfig
from headrace.engine.backoff import Backoff
from headrace.engine.completer import Completer
from headrace.engine.dispatcher import HELD_S_MAX, Dispatcher
from headrace.engine.listener import Listener
from headrace.engine.service import Service, wait_at_most
from headrace.engine.shares import make_shares
from headrace.errors import StorageError
from headrace.model.durations import ZERO
from headrace.model.ids import WorkerId
from headrace.model.lease import Claim
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest
from headrace.storage.signals import WORK
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

POLL_S_FIRST = 0.1
"""After activity more work is likely, so the first look at an empty store comes soon; each next one waits twice."""

CLAIM_S_MAX = 60.0
"""A store that does not answer a claim for a minute is asked again. What the lost answer held is rescued."""

LEASE_PARTS_WAITED = 6
"""A claim waits for a sixth of the lease at most: its jobs' leases are counted here from when it was asked."""

LATE_S = 15.0
"""A claim that the store has not answered for so long makes the worker unhealthy, before it is given up as failed.
One that waits for work is answered within five seconds."""

DRAIN_S_MAX = 5.0
"""How long a stopping worker waits for the claim in flight, to give back what it brings."""


class _Asked(NamedTuple):
    """A claim that is on its way."""

    demand: dict[str, int]
    at: float
    answer: asyncio.Task[list[Claim]]


class Producer(Service):
    """One claim in flight, filling the free slots and a little ahead.

    A store that works beside this process is sent the next claim before the jobs of a full one run: so neither waits
    for the other. One within this process would only take turns with them.
    """

    def __init__(
        self,
        worker: WorkerId,
        backend: Backend,
        config: WorkerConfig,
        *,
        dispatcher: Dispatcher,
        completer: Completer,
        telemetry: Telemetry,
        on_gone: Callable[[Exception], None],
    ) -> None:
        super().__init__("producer")
        self._worker = worker
        self._backend = backend
        self._config = config
        self._dispatcher = dispatcher
        self._completer = completer
        self._telemetry = telemetry
        self._on_gone = on_gone
        self._listener = Listener(backend.signals, (WORK,), self._hear)
        self._waits = backend.capabilities.waiting_claims
        self._beside = backend.capabilities.parallel_writes
        self._call: asyncio.Task[list[Claim]] | None = None
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._more = True
        self._quiet = False
        self._poll_s = POLL_S_FIRST
        self._backoff = Backoff()
        self._outage_since: float | None = None
        self._asked_at: float | None = None
        self.last_claim_at: datetime | None = None

    @property
    def failing(self) -> bool:
        """True while the last claim failed, or the one in flight is not answered for long."""
        if self._outage_since is not None:
            return True
        return self._asked_at is not None and self._backend.clock.monotonic() - self._asked_at > LATE_S

    async def _begin(self) -> None:
        self._stopping.clear()
        self._more = True
        now = self._backend.clock.monotonic()
        prefetch = self._config.prefetch_effective
        self._dispatcher.begin(make_shares(self._config.queues, prefetch, now, by_halves=self._beside))
        await self._listener.start()
        self._claiming = self._spawn(self._claim_always())

    async def _end(self) -> None:
        """Stop claiming, and give back what has not started. Running jobs go on."""
        self._stopping.set()
        self._dispatcher.drain()
        self._wake.set()
        await self._listener.stop()
        if self._call is not None and self._waits:
            self._call.cancel()  # A store whose claims wait gives back what a cancelled one was about to bring.
        # Any other claim is not cancelled: its jobs might be taken and its answer lost, at the price of an attempt.
        await asyncio.wait([self._claiming], timeout=DRAIN_S_MAX)
        self._dispatcher.give_back()

    def keep_quiet(self, quiet: bool) -> None:
        """Claim nothing more, or claim again. What was claimed goes on; a claim in flight may bring more."""
        self._quiet = quiet
        if not quiet:
            self._more = True
            self._wake.set()

    def hungry(self) -> None:
        """A share could take more; asked only while the store may have more."""
        if self._more:
            self._wake.set()

    def _hear(self, queue: str) -> None:
        if queue in self._dispatcher.shares or queue == "*":
            self._more = True
            self._poll_s = POLL_S_FIRST
            self._wake.set()

    async def _claim_always(self) -> None:
        asked: _Asked | None = None
        try:
            while asked is not None or not self._stopping.is_set():
                asked = asked or self._ask({})
                if asked is None:
                    await self._rest()
                    continue
                try:
                    claims = await self._answer(asked)
                except Exception as error:
                    asked = None
                    if self._leaves_after(error):
                        return
                    await wait_at_most(self._stopping, self._backoff.failed())
                    self._more = True
                    continue
                asked = await self._accept(asked, claims)
        finally:
            if self._call is not None:
                self._call.cancel()

    def _ask(self, coming: Mapping[str, int]) -> _Asked | None:
        """Ask for what there is room for beside the jobs that are coming; None where there is none."""
        self._wake.clear()
        self._dispatcher.give_back_late()
        demand = self._demand(coming)
        if not demand:
            return None
        # Before the call, so that a signal during the call is not forgotten by it.
        self._more = False
        wait = min(timedelta(seconds=self._poll_s), self._config.lease / LEASE_PARTS_WAITED) if self._waits else ZERO
        request = ClaimRequest(worker=self._worker, demand=demand, lease_for=self._config.lease, wait=wait)
        self._asked_at = self._backend.clock.monotonic()
        self._call = asyncio.create_task(self._claim_in_time(request), name="claim")
        return _Asked(demand, self._asked_at, self._call)

    async def _rest(self) -> None:
        """Wait until a share could take more."""
        poll_s = self._config.poll.total_seconds()
        await wait_at_most(self._wake, min(poll_s, HELD_S_MAX) if self._dispatcher.waiting else poll_s)

    async def _answer(self, asked: _Asked) -> list[Claim]:
        try:
            claims = await asked.answer
        except asyncio.CancelledError:
            if self._stopping.is_set() and asked.answer.cancelled():
                return []
            raise
        finally:
            self._call = None
            self._asked_at = None
        self.last_claim_at = self._backend.clock.now()
        self._outage_since = None
        if self._backoff.succeeded():
            log.info("jobs can be claimed again")
        return claims

    async def _accept(self, asked: _Asked, claims: list[Claim]) -> _Asked | None:
        """Take in what a claim brought. Answers the next one, if that was sent before these jobs run."""
        got = Counter(claim.job.queue for claim in claims)
        self._more = self._more or any(got[queue] >= wanted for queue, wanted in asked.demand.items())
        following = None
        if self._beside and self._more and claims and not self._stopping.is_set():
            following = self._ask(got)
            await asyncio.sleep(0)  # here it is sent
        for claim in claims:
            self._dispatcher.accept(claim, asked.at)
        if claims:
            self._poll_s = POLL_S_FIRST
        if following is None:
            await self._after_claim()
        return following

    async def _claim_in_time(self, request: ClaimRequest) -> list[Claim]:
        async with asyncio.timeout(CLAIM_S_MAX):
            with self._telemetry.span("store.call", operation="claim"):
                return await self._backend.jobs.claim(request)

    async def _after_claim(self) -> None:
        if self._more:
            # The jobs just claimed get a turn first: a store in memory answers without ever letting go of the loop.
            await asyncio.sleep(0)
            return
        if not self._waits:
            await wait_at_most(self._wake, self._poll_s * (0.9 + 0.2 * random.random()))
        self._poll_s = min(self._config.poll.total_seconds(), self._poll_s * 2)

    def _demand(self, coming: Mapping[str, int]) -> dict[str, int]:
        shares = self._dispatcher.shares
        if self._quiet or self._completer.full:
            return {}
        if not any(share.hungry(coming.get(queue, 0)) for queue, share in shares.items()):
            return {}
        now = self._backend.clock.monotonic()
        for share in shares.values():
            share.measure(now)
        return {queue: wanted for queue, share in shares.items() if (wanted := share.demand(coming.get(queue, 0)))}

    def _leaves_after(self, error: Exception) -> bool:
        now = self._backend.clock.monotonic()
        if self._outage_since is None:
            self._outage_since = now
            log.warning("no jobs can be claimed; trying again: %r", error)
            if not isinstance(error, StorageError | TimeoutError):
                log.error("a store raised what is not a StorageError", exc_info=error)
        if self._telemetry.active:
            self._telemetry.emit("store.error", operation="claim", error=error)
        limit = self._config.fetch_failure_limit
        if limit is None or now - self._outage_since < limit.total_seconds():
            return False
        log.error("no claim has succeeded for %s; the worker leaves", limit)
        self._on_gone(error)
        return True
