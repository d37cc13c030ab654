"""``app.sync.webhooks``: webhooks for code without an event loop."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.app.webhooks.webhooks import DELIVERIES_LIMIT_DEFAULT, OVERLAP_DEFAULT, Webhooks
from headrace.model.job import Job
from headrace.model.page import Page
from headrace.model.webhook import Webhook

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

T = TypeVar("T")


class SyncWebhooks:
    """The methods of :class:`~headrace.app.webhooks.webhooks.Webhooks`; each blocks its thread until it is done."""

    def __init__(self, desk: SyncDesk, networks: str) -> None:
        self._desk = desk
        self._networks = networks

    def add(
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
        """Have events of these kinds sent to ``url`` from now on. See ``Webhooks.add``."""
        return self._run(
            lambda webhooks: webhooks.add(
                url, kind=kind, queue=queue, task=task, tag=tag, secret=secret, description=description
            )
        )

    def list(self) -> builtins.list[Webhook]:
        """Every webhook, the oldest first."""
        return self._run(lambda webhooks: webhooks.list())

    def get(self, webhook_id: str) -> Webhook:
        """The webhook. Raises UnknownWebhook."""
        return self._run(lambda webhooks: webhooks.get(webhook_id))

    def remove(self, webhook_id: str) -> None:
        """Forget a webhook."""
        self._run(lambda webhooks: webhooks.remove(webhook_id))

    def pause(self, webhook_id: str, *, reason: str = "") -> Webhook:
        """Send nothing until ``resume``. See ``Webhooks.pause``."""
        return self._run(lambda webhooks: webhooks.pause(webhook_id, reason=reason))

    def resume(self, webhook_id: str) -> Webhook:
        """Send again, from now on."""
        return self._run(lambda webhooks: webhooks.resume(webhook_id))

    def rotate(self, webhook_id: str, *, overlap: timedelta = OVERLAP_DEFAULT) -> Webhook:
        """Make a new secret, which the answer holds. See ``Webhooks.rotate``."""
        return self._run(lambda webhooks: webhooks.rotate(webhook_id, overlap=overlap))

    def test(self, webhook_id: str) -> int:
        """Send a message of type ``webhook.test`` now; answers the status. See ``Webhooks.test``."""
        return self._run(lambda webhooks: webhooks.test(webhook_id))

    def deliveries(
        self, webhook_id: str, *, cursor: str | None = None, limit: int = DELIVERIES_LIMIT_DEFAULT
    ) -> Page[Job]:
        """The deliveries to a webhook, the newest first."""
        return self._run(lambda webhooks: webhooks.deliveries(webhook_id, cursor=cursor, limit=limit))

    def _run(self, ask: Callable[[Webhooks], Coroutine[Any, Any, T]]) -> T:
        return self._desk.ask(lambda desk: ask(Webhooks(desk, self._networks)))
