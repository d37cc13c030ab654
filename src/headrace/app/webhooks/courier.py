"""Deliveries: the task that sends one message, and the small worker that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from headrace.app.webhooks.networks import Networks
from headrace.app.webhooks.records import WebhookRecords
from headrace.app.webhooks.sending import DeliveryError, post
from headrace.model.control import Cancel, Snooze
from headrace.model.event import JobEvent
from headrace.model.job import NewJob
from headrace.model.retry import Exponential
from headrace.model.webhook import Webhook, message_id, signed_headers
from headrace.storage.backend import Backend

if TYPE_CHECKING:
    from headrace.app.headrace import Headrace
    from headrace.app.worker import AppWorker
    from headrace.tasks.task import Task

QUEUE = "webhooks"
TASK = "headrace.webhook.deliver"
AT_ONCE = 16
GRACE = timedelta(seconds=5)

RETRY = Exponential(base=timedelta(seconds=5), factor=4, cap=timedelta(hours=6), attempts=10)
"""After 5 s, 20 s, 80 s and so on: about a day in all. What is not delivered by then is a dead letter."""

LOOK_AGAIN_IN = timedelta(minutes=1)
"""When a delivery looks again whether its webhook was resumed."""

GONE = 410


async def send(webhook: Webhook, message: str, body: bytes, networks: Networks, now: datetime) -> int:
    """Sign a body and send it; answers the status. Raises AddressRefused and DeliveryError."""
    headers = signed_headers(message, int(now.timestamp()), body, webhook.secrets_at(now))
    return await post(webhook.url, headers, body, networks)


def body_of(kind: str, at: datetime | str, data: Any) -> bytes:
    """The body of a message: the same for each attempt."""
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data})


class Courier:
    """An app of its own beside the user's, on the same store: one task, and a worker for its queue."""

    def __init__(self, backend: Backend, networks: Networks) -> None:
        from headrace.app.headrace import Headrace

        self._networks = networks
        self._app: Headrace = Headrace(backend=backend)
        self._records = WebhookRecords(backend.kv)
        self._task: Task[Any, Any] = self._app.task(name=TASK, queue=QUEUE, retry=RETRY, timeout=timedelta(minutes=1))(
            self._deliver
        )
        self._worker: AppWorker | None = None

    def jobs(self, events: Sequence[JobEvent], webhooks: Sequence[Webhook]) -> list[NewJob]:
        """A delivery of each event to each webhook that wants it. Storing them again adds none."""
        return [
            self._job(webhook, event)
            for event in events
            if event.task != TASK  # each delivery would cause the next
            for webhook in webhooks
            if webhook.wants(event)
        ]

    async def start(self) -> None:
        """Begin to deliver. Doing it again changes nothing."""
        if self._worker is None:
            worker = self._app.worker(queues={QUEUE: AT_ONCE}, upkeep=False, prefetch=0, grace=GRACE)
            await worker.start()
            self._worker = worker

    async def stop(self) -> None:
        """Give back what was not delivered, and end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()

    def _job(self, webhook: Webhook, event: JobEvent) -> NewJob:
        message = message_id(webhook.id, event)
        call = self._task.options(idempotency_key=message, tags=[webhook.id, event.kind.value])
        return call.call(webhook.id, message, msgspec.to_builtins(event)).new_job()

    async def _deliver(self, webhook_id: str, message: str, event: dict[str, Any]) -> int:
        webhook = await self._records.find(webhook_id)
        if webhook is None:
            raise Cancel("the webhook was removed")
        if not webhook.active:
            raise Snooze(LOOK_AGAIN_IN, "the webhook is paused")
        body = body_of(event["kind"], event["at"], event)
        status = await send(webhook, message, body, self._networks, self._app.backend.clock.now())
        if status == GONE:
            await self._records.change(webhook_id, _gone)
            raise Cancel("the receiver answered 410 Gone, and the webhook is paused")
        if not 200 <= status < 300:
            raise DeliveryError(f"the receiver answered {status}, and only 200 to 299 is a success")
        return status


def _gone(webhook: Webhook) -> Webhook:
    return replace(webhook, active=False, reason="the receiver answered 410 Gone")
