"""What people say of errors, and API keys, of a server."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from headrace.cli.remote import models
from headrace.model.search.formatting import quoted

if TYPE_CHECKING:
    from headrace.app.keys import ApiKey, MadeKey
    from headrace.client import AsyncClient
    from headrace.model.errors import ErrorMark


class RemoteTriage:
    """What commands ask of ``app.triage``. The server knows the author by their key."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def resolve(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that it is mended."""
        await self._client.triage.resolve(fingerprint, note=note)

    async def ignore(self, fingerprint: str, *, note: str = "", author: str = "") -> None:
        """Say that nobody needs to look at it."""
        await self._client.triage.ignore(fingerprint, note=note)

    async def reopen(self, fingerprint: str) -> None:
        """Take that back."""
        await self._client.triage.reopen(fingerprint)

    async def marks(self, fingerprints: Sequence[str]) -> list[ErrorMark | None]:
        """What was said of each."""
        if not fingerprints:
            return []
        where = f"fingerprint:{','.join(map(quoted, fingerprints))}"
        found = await self._client.error_groups(where, limit=len(fingerprints))
        marks = {group.fingerprint: group.mark for group in found}
        return [marks.get(fingerprint) for fingerprint in fingerprints]


class RemoteKeys:
    """What commands ask of ``app.keys``."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        queues: Iterable[str] | None = None,
        expires_in: timedelta | None = None,
        author: str = "",
    ) -> MadeKey:
        """Make a key."""
        from headrace.app.keys import MadeKey

        made = await self._client.keys.create(name, scopes=scopes, queues=queues, expires_in=expires_in)
        return MadeKey(models.api_key(made.key), made.token)

    async def list(self) -> builtins.list[ApiKey]:
        """Every key."""
        return [models.api_key(view) for view in await self._client.keys.list()]

    async def get(self, key: str) -> ApiKey:
        """One key."""
        return models.api_key(await self._client.keys.get(key))

    async def revoke(self, key: str, *, author: str = "") -> ApiKey:
        """Take a key back."""
        return models.api_key(await self._client.keys.revoke(key))

    async def last_used(self) -> dict[str, datetime]:
        """When keys were used."""
        return {key.id: key.last_used_at for key in await self._client.keys.list() if key.last_used_at is not None}
