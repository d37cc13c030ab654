"""Hands events of the journal over to deliveries: a duty of the leader."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from headrace.app.webhooks.courier import Courier
from headrace.app.webhooks.networks import Networks
from headrace.app.webhooks.records import WebhookRecords
from headrace.engine.service import Periodic
from headrace.engine.tail import read_or_wait
from headrace.model.durations import ZERO
from headrace.model.event import EventPage, EventRetention
from headrace.model.webhook import Webhook
from headrace.storage.backend import Backend

log = logging.getLogger("headrace")

LOOK_EVERY = timedelta(seconds=5)
"""How soon the first webhook of a store, and a change of one, is noticed."""

EVENTS_PER_ROUND = 200


class Forwarder(Periodic):
    """Reads the journal from the place where it was left, enqueues a delivery for each event and webhook, and notes how
    far it came.

    The deliveries are stored before the place is. A leader that dies in between does it again, and so may two leaders:
    the idempotency key of a delivery is made of its webhook and its event, so that each is stored once. While there is
    no webhook, nothing is read but the empty list of them.
    """

    def __init__(self, backend: Backend, networks: str, *, gate: Callable[[], bool]) -> None:
        super().__init__("webhooks", LOOK_EVERY, gate=gate)
        self._backend = backend
        self._records = WebhookRecords(backend.kv)
        self._networks = Networks(networks)
        self._courier: Courier | None = None

    async def tick(self) -> timedelta | None:
        """Hand over what there is, or wait a while for the first event to come."""
        if not self._backend.capabilities.events:
            return None
        webhooks = await self._records.all()
        if not webhooks:
            await self._dismiss()
            return None
        courier = await self._engage()
        after, revision = await self._place()
        page = await read_or_wait(self._backend, after, EVENTS_PER_ROUND, LOOK_EVERY)
        if page.lost:
            log.warning("events between %d and %d were not handed to webhooks in time", after, page.oldest)
        await self._hand_over(courier, page, webhooks)
        if page.last != after:
            await self._records.move(page.last, revision)
        return ZERO

    async def _place(self) -> tuple[int, int]:
        """Where to read on. Switches the journal on where somebody has switched it off."""
        status = await self._backend.events.status()
        if status.retention is None:
            await self._backend.events.enable(EventRetention())
        after, revision = await self._records.place()
        return (status.newest if after is None else after), revision

    async def _hand_over(self, courier: Courier, page: EventPage, webhooks: list[Webhook]) -> None:
        jobs = courier.jobs(page.events, webhooks)
        most = self._backend.capabilities.max_batch
        for start in range(0, len(jobs), most):
            await self._backend.jobs.enqueue_many(jobs[start : start + most])

    async def _engage(self) -> Courier:
        if self._courier is None:
            courier = Courier(self._backend.sibling(), self._networks)
            await courier.start()
            self._courier = courier
        return self._courier

    async def _dismiss(self) -> None:
        courier, self._courier = self._courier, None
        if courier is not None:
            await courier.stop()

    async def _end(self) -> None:
        await self._cancel_tasks()
        await self._dismiss()
