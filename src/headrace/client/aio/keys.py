"""API keys, over the network. They need a key that may do everything, or the token of the server."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from datetime import timedelta

from headrace.client.aio.sending import AsyncSender
from headrace.client.core.request import request
from headrace.client.core.task_call import seconds_text
from headrace.model.several import several
from headrace.wire.base import Listed
from headrace.wire.keys import CreateKey, KeyView, NewKey


class AsyncKeys:
    """What ``client.keys`` is: the names of ``app.keys``."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def create(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        queues: Iterable[str] | None = None,
        expires_in: timedelta | None = None,
    ) -> NewKey:
        """Make a key; its token is in this answer and in no other. Raises ConfigError, and UsageError for a name taken.

        The arguments are those of :class:`~headrace.app.keys.Keys`.
        """
        message = CreateKey(
            name=name,
            scopes=list(several("scopes", scopes)),
            queues=None if queues is None else list(several("queues", queues)),
            expires_in=None if expires_in is None else seconds_text(expires_in),
        )
        return await self._sender.send(request("POST", "/v1/keys", NewKey, message))

    async def list(self) -> builtins.list[KeyView]:
        """Every key, the newest first; revoked ones for 30 days more."""
        return builtins.list((await self._sender.send(request("GET", "/v1/keys", Listed[KeyView]))).items)

    async def get(self, key: str) -> KeyView:
        """The key of that id or name. Raises UnknownKey."""
        return await self._sender.send(request("GET", "/v1/keys/{key}", KeyView, key=key))

    async def revoke(self, key: str) -> KeyView:
        """Take a key back: within five seconds no server takes it. Raises UnknownKey; again changes nothing."""
        return await self._sender.send(request("DELETE", "/v1/keys/{key}", KeyView, safe=True, key=key))
