"""``app.webhooks``: endpoints that are told of job events."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from headrace.app.events import event_filter
from headrace.app.webhooks.courier import QUEUE, body_of, send
from headrace.app.webhooks.networks import Networks
from headrace.app.webhooks.records import WebhookRecords
from headrace.errors import ConfigError
from headrace.model.durations import ZERO
from headrace.model.event import EventRetention
from headrace.model.ids import new_job_id
from headrace.model.job import Job
from headrace.model.page import Page
from headrace.model.webhook import SECRET_BYTES, Webhook, check_secret, check_url, new_secret

if TYPE_CHECKING:
    from headrace.app.desk import JobDesk

OVERLAP_DEFAULT = timedelta(hours=24)
DELIVERIES_LIMIT_DEFAULT = 50
DESCRIPTION_LENGTH_MAX = 500


class Webhooks:
    """The webhooks of one store. A change takes effect within seconds, on all workers, without a restart.

    >>> import asyncio
    >>> from headrace.app import Headrace
    >>> app = Headrace("memory://")
    >>> async def main() -> None:
    ...     async with app:
    ...         webhook = await app.webhooks.add("https://example.com/hooks", kind="dead", queue="mail")
    ...         print(webhook.secret.startswith("whsec_"), len(await app.webhooks.list()))
    >>> asyncio.run(main())
    True 1
    """

    def __init__(self, desk: JobDesk, networks: str) -> None:
        self._desk = desk
        self._networks = networks
        self._records = WebhookRecords(desk.backend.kv)

    async def add(
        self,
        url: str,
        *,
        kind: str | Iterable[str] = (),
        queue: str | Iterable[str] = (),
        task: str | Iterable[str] = (),
        tag: str | Iterable[str] = (),
        secret: str | None = None,
        description: str = "",
    ) -> Webhook:
        """Have events of these kinds sent to ``url`` from now on; without filters, all of them.

        The answer's ``secret`` is what the receiver checks signatures with; views do not show it again. Switches the
        journal of events on. Raises ConfigError that names what is wrong, and Unsupported for a store without a
        journal.
        """
        wanted = event_filter(kind=kind, queue=queue, task=task, tag=tag)
        if len(description) > DESCRIPTION_LENGTH_MAX or not description.isprintable():
            message = f"description is one line of up to {DESCRIPTION_LENGTH_MAX} characters; got {description[:50]!r}"
            raise ConfigError(message)
        webhook = Webhook(
            id=f"wh-{new_job_id()}",
            url=check_url(url),
            secret=_new_secret() if secret is None else check_secret(secret),
            created_at=self._desk.backend.clock.now(),
            wanted=wanted,
            description=description,
        )
        status = await self._desk.backend.events.status()
        if status.retention is None:
            await self._desk.backend.events.enable(EventRetention())
        after, revision = await self._records.place()
        if after is None:
            await self._records.move(status.newest, revision)
        await self._records.add(webhook)
        return webhook

    async def list(self) -> builtins.list[Webhook]:
        """Every webhook, the oldest first."""
        return await self._records.all()

    async def get(self, webhook_id: str) -> Webhook:
        """The webhook. Raises UnknownWebhook."""
        return await self._records.get(webhook_id)

    async def remove(self, webhook_id: str) -> None:
        """Forget a webhook. Its deliveries that have not ended are cancelled when their turn comes."""
        await self._records.remove(webhook_id)

    async def pause(self, webhook_id: str, *, reason: str = "") -> Webhook:
        """Send nothing until ``resume``. What happens meanwhile is not sent later; deliveries under way wait."""
        return await self._records.change(
            webhook_id, lambda webhook: replace(webhook, active=False, reason=reason or None)
        )

    async def resume(self, webhook_id: str) -> Webhook:
        """Send again, from now on."""
        return await self._records.change(webhook_id, lambda webhook: replace(webhook, active=True, reason=None))

    async def rotate(self, webhook_id: str, *, overlap: timedelta = OVERLAP_DEFAULT) -> Webhook:
        """Make a new secret, which the answer holds. Messages are signed with both for ``overlap``."""
        if overlap < ZERO:
            message = f"overlap must not be negative; got {overlap}"
            raise ConfigError(message)
        secret, until = _new_secret(), self._desk.backend.clock.now() + overlap

        def change(webhook: Webhook) -> Webhook:
            return replace(webhook, secret=secret, previous_secret=webhook.secret, previous_until=until)

        return await self._records.change(webhook_id, change)

    async def test(self, webhook_id: str) -> int:
        """Send a message of type ``webhook.test`` now, from this process; answers the status, whatever it is.

        Raises UnknownWebhook; AddressRefused where the address may not be reached (see the setting
        ``worker.webhook_networks``); and DeliveryError where nothing answered.
        """
        webhook = await self._records.get(webhook_id)
        now = self._desk.backend.clock.now()
        data: dict[str, Any] = {"webhook_id": webhook.id}
        networks = Networks(self._networks)
        return await send(webhook, f"msg_test_{new_job_id()}", body_of("webhook.test", now, data), networks, now)

    async def deliveries(
        self, webhook_id: str, *, cursor: str | None = None, limit: int = DELIVERIES_LIMIT_DEFAULT
    ) -> Page[Job]:
        """The deliveries to a webhook, which are jobs, the newest first. Raises UnknownWebhook."""
        await self._records.get(webhook_id)
        return await self._desk.find(queues=[QUEUE], tags=[webhook_id], cursor=cursor, limit=limit)


def _new_secret() -> str:
    return new_secret(os.urandom(SECRET_BYTES))
