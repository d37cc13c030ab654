"""Webhooks and the place in the journal up to which they were told, in the key-value store."""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from headrace.errors import UnknownWebhook
from headrace.model.webhook import Webhook
from headrace.storage.kv import KeyValueStore, Put, all_entries

BUCKET = "webhooks"
PLACE_BUCKET, PLACE = "webhook-place", "after"

log = logging.getLogger("headrace")

_decode = msgspec.json.Decoder(Webhook).decode


class WebhookRecords:
    """Reads and writes webhooks. A write names the revision it rests on, so that two writers lose nothing."""

    def __init__(self, kv: KeyValueStore) -> None:
        self._kv = kv

    async def all(self) -> list[Webhook]:
        """Every webhook, the oldest first. One that cannot be read, by this release, is reported and left out."""
        found = []
        for entry in await all_entries(self._kv, BUCKET):
            try:
                found.append(_decode(entry.value))
            except msgspec.MsgspecError as error:
                log.error("webhook %s cannot be read, and is told nothing: %s", entry.key, error)
        return found

    async def get(self, webhook_id: str) -> Webhook:
        """The webhook. Raises UnknownWebhook."""
        return (await self._read(webhook_id))[0]

    async def find(self, webhook_id: str) -> Webhook | None:
        """The webhook, or None."""
        [entry] = await self._kv.get_many(BUCKET, [webhook_id])
        return None if entry is None else _decode(entry.value)

    async def add(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        await self._kv.put_many(BUCKET, [Put(key=webhook.id, value=msgspec.json.encode(webhook), if_revision=0)])

    async def change(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Write what ``change`` makes of it, again when somebody else wrote in between. Raises UnknownWebhook."""
        while True:
            webhook, revision = await self._read(webhook_id)
            changed = change(webhook)
            put = Put(key=webhook_id, value=msgspec.json.encode(changed), if_revision=revision)
            if (await self._kv.put_many(BUCKET, [put]))[0] is not None:
                return changed

    async def remove(self, webhook_id: str) -> None:
        """Forget it. Raises UnknownWebhook."""
        await self._read(webhook_id)
        await self._kv.put_many(BUCKET, [Put(key=webhook_id, value=None)])

    async def place(self) -> tuple[int | None, int]:
        """The sequence up to which events were handed over, None before the first, and its revision."""
        [entry] = await self._kv.get_many(PLACE_BUCKET, [PLACE])
        return (None, 0) if entry is None else (int(entry.value), entry.revision)

    async def move(self, after: int, revision: int) -> bool:
        """Note how far events were handed over; False where another did meanwhile."""
        [moved] = await self._kv.put_many(
            PLACE_BUCKET, [Put(key=PLACE, value=str(after).encode(), if_revision=revision)]
        )
        return moved is not None

    async def _read(self, webhook_id: str) -> tuple[Webhook, int]:
        [entry] = await self._kv.get_many(BUCKET, [webhook_id])
        if entry is None:
            message = f"there is no webhook {webhook_id!r}; headrace webhook list shows those there are"
            raise UnknownWebhook(message)
        return _decode(entry.value), entry.revision
