"""Callers with API keys: what the server knows of the keys, and how soon it hears of a change."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Mapping
from typing import NoReturn

from headrace.app import Headrace
from headrace.app.keys import ApiKey, split_token
from headrace.errors import StorageError
from headrace.server.auth import Principal, bearer, unauthenticated
from headrace.wire.scopes import Scope

log = logging.getLogger("headrace.server")

FRESH_S = 4.0
"""All keys are read this often at most, so a revoked one ends within five seconds, and a request costs no look."""

RETRY_S = 1.0
"""A key that is not known may be new: the keys are read again, but not more often than that, whoever guesses."""

USE_NOTED_S = 60.0

NOBODY = Principal(name="anyone", scopes=frozenset(Scope))
TOKEN = Principal(name="token", scopes=frozenset(Scope))


class KeyRing:
    """The keys of a store, read by one task for all requests that wait."""

    def __init__(self, app: Headrace) -> None:
        self._app = app
        self._keys: dict[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def any(self) -> bool:
        """Whether there are keys, be they revoked or not."""
        return bool(await self._known(FRESH_S))

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of that id, as it was a few seconds ago at the most. Raises what the store raises."""
        found = (await self._known(FRESH_S)).get(key_id)
        return found or (await self._known(RETRY_S)).get(key_id)

    async def _known(self, age_s: float) -> Mapping[str, ApiKey]:
        if self._is_older(age_s):
            async with self._reading:
                if self._is_older(age_s):
                    now = time.monotonic()  # before reading: what is written meanwhile may not be in it
                    self._keys = {key.id: key for key in await self._app.keys.list()}
                    self._read_at = now
        return self._keys

    def _is_older(self, age_s: float) -> bool:
        return time.monotonic() - self._read_at > age_s


class Callers:
    """Tells callers by an API key or by the token of the settings.

    ``open_to_all``: who sends neither may do everything, until the first key is made.
    """

    def __init__(self, app: Headrace, token: str | None, *, open_to_all: bool) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._open_to_all = open_to_all
        self._ring = KeyRing(app)
        self._noted: dict[str, float] = {}

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Who asks. Raises Refused with 401, and what the store raises."""
        if self._open_to_all and "authorization" not in headers and not await self._ring.any():
            return NOBODY
        credentials = bearer(headers)
        if self._token is not None and hmac.compare_digest(credentials.encode("latin-1", "replace"), self._token):
            return TOKEN
        parts = split_token(credentials)
        if parts is None:
            raise unauthenticated("what was sent is neither an API key, hr_..., nor the token of this server")
        return await self._principal(*parts)

    async def _principal(self, key_id: str, secret: str) -> Principal:
        key = await self._ring.find(key_id)
        if key is None or not key.knows(secret):
            # The same words for both, so that nobody learns which ids there are.
            raise unauthenticated("the API key is not known here; headrace key list shows those that are")
        reason = key.why_not(self._app.backend.clock.now())
        if reason is not None:
            _refuse(key, reason)
        await self._note_use(key.id)
        return Principal(name=f"{key.name} ({key.id})", scopes=key.scopes, queues=key.queues)

    async def _note_use(self, key_id: str) -> None:
        now = time.monotonic()
        if now - self._noted.get(key_id, float("-inf")) < USE_NOTED_S:
            return
        self._noted[key_id] = now
        try:
            await self._app.keys.note_use(key_id)
        except StorageError as error:
            log.warning("that key %s is used could not be noted: %s", key_id, error)


def _refuse(key: ApiKey, reason: str) -> NoReturn:
    raise unauthenticated(f"the API key {key.name!r} ({key.id}) {reason}; make another: headrace key create")
