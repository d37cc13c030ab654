"""Marks on groups of errors, over the network."""

from __future__ import annotations

from headrace.client.aio.sending import AsyncSender
from headrace.client.core.request import request
from headrace.wire.errors import ErrorMarked, MarkError


class AsyncTriage:
    """What ``client.triage`` is: the names of ``app.triage``. Groups are known by their fingerprints."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def resolve(self, fingerprint: str, *, note: str = "") -> ErrorMarked:
        """Say that it is mended as of now; what fails so from now on has regressed. Raises UsageError for no such."""
        return await self._mark("resolve", fingerprint, MarkError(fingerprint=fingerprint, note=note))

    async def ignore(self, fingerprint: str, *, note: str = "") -> ErrorMarked:
        """Say that nobody needs to look at it, also when more jobs fail so. Raises UsageError for no such."""
        return await self._mark("ignore", fingerprint, MarkError(fingerprint=fingerprint, note=note))

    async def reopen(self, fingerprint: str) -> ErrorMarked:
        """Take back what was said of it."""
        return await self._mark("reopen", fingerprint, None)

    async def _mark(self, verb: str, fingerprint: str, message: MarkError | None) -> ErrorMarked:
        path = f"/v1/errors/{{fingerprint}}/{verb}"
        return await self._sender.send(request("POST", path, ErrorMarked, message, safe=True, fingerprint=fingerprint))
