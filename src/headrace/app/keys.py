"""``app.keys``: the API keys that callers of the HTTP service are told apart by.

A key is ``hr_``, its id, and a secret. The store has the id and a digest of the secret, so that who reads the store can
call nothing; see decision 44.
"""

from __future__ import annotations

import builtins
import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Struct, structs

from headrace.config import check_queue_name
from headrace.errors import ConfigError, UnknownKey, UsageError
from headrace.model.durations import ZERO
from headrace.model.several import several
from headrace.storage.kv import Entry, Put
from headrace.wire.roles import scopes_of
from headrace.wire.scopes import Scope

if TYPE_CHECKING:
    from headrace.app.operations import Operations

log = logging.getLogger("headrace")

KEYS = "keys"
USED = "keys-used"
"""When keys were last used: beside the keys, because who notes it must not race with who revokes one."""

PREFIX = "hr_"
ID_BYTES = 6
SECRET_BYTES = 32
NAME_LENGTH_MAX = 100
QUEUES_MAX = 100

KEYS_MAX = 1_000
"""Keys are for programs and teams. All of them are read at once, so that an unknown one costs the store nothing."""

REVOKED_KEPT = timedelta(days=30)
"""For as long a revoked key is listed: that a key is not there any more explains nothing to who still uses it."""


class ApiKey(Struct, frozen=True, kw_only=True):
    """What the store knows of a key.

    scopes: what it may do; each is a kind of call, see the reference of the service.
    queues: in which queues, by names and patterns such as ``mail.*``; None for all.
    digest: SHA-256 of the secret, in hexadecimal.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    queues: tuple[str, ...] | None
    digest: str
    created_at: datetime
    created_by: str = ""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def knows(self, secret: str) -> bool:
        """Whether that is its secret. Takes the same time for every wrong one."""
        return hmac.compare_digest(_digest(secret), self.digest)

    def why_not(self, now: datetime) -> str | None:
        """Why it is not taken; None while it is."""
        if self.revoked_at is not None:
            return f"was revoked at {self.revoked_at:%Y-%m-%d %H:%M} UTC"
        if self.expires_at is not None and now >= self.expires_at:
            return f"expired at {self.expires_at:%Y-%m-%d %H:%M} UTC"
        return None


class MadeKey(NamedTuple):
    """A new key. ``token`` is what its holder sends; nobody can find it out later."""

    key: ApiKey
    token: str


_read = msgspec.json.Decoder(ApiKey).decode
_write = msgspec.json.Encoder(order="deterministic").encode


class Keys:
    """What ``app.keys`` is: make keys, look at them, and take them back.

    >>> import asyncio
    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> async def main() -> None:
    ...     async with app:
    ...         made = await app.keys.create("shop", scopes=["submit"], queues=["mail.*"])
    ...         print(made.token.startswith(f"hr_{made.key.id}_"), sorted(made.key.scopes))
    ...         print((await app.keys.revoke("shop")).revoked_at is not None)
    >>> asyncio.run(main())
    True [<Scope.JOBS_READ: 'jobs:read'>, <Scope.JOBS_SUBMIT: 'jobs:submit'>, <Scope.TASKS_READ: 'tasks:read'>]
    True
    """

    def __init__(self, desk: Operations) -> None:
        self._desk = desk

    async def create(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        queues: Iterable[str] | None = None,
        expires_in: timedelta | None = None,
        author: str = "",
    ) -> MadeKey:
        """Make a key. Every server knows it within seconds.

        name: what it is for; two keys that are in use cannot have the same.
        scopes: ``read``, ``submit``, ``work``, ``operate``, ``admin``, or single ones such as ``jobs:read``.
        queues: names and patterns of the queues that it is for. Default: all.
        expires_in: for how long it is taken. Default: until it is revoked.
        author: who makes it, for the list.

        Raises ConfigError that names the argument, and UsageError where there is a key of that name.
        """
        now = self._desk.backend.clock.now()
        key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        key = ApiKey(
            id=key_id,
            name=_check_name(name),
            scopes=scopes_of(several("scopes", scopes)),
            queues=None if queues is None else _check_queues(several("queues", queues)),
            digest=_digest(secret),
            created_at=now,
            created_by=author,
            expires_at=None if expires_in is None else now + _check_expiry(expires_in),
        )
        known = await self.list()
        if any(each.name == name and each.why_not(now) is None for each in known):
            raise UsageError(f"there is a key {name!r} already. Revoke it first, or give this one another name")
        if len(known) >= KEYS_MAX:
            raise UsageError(f"there are {KEYS_MAX} keys, and no more can be: one for each program is enough")
        await self._put(key)
        return MadeKey(key, f"{PREFIX}{key_id}_{secret}")

    async def list(self) -> builtins.list[ApiKey]:
        """Every key, the newest first; revoked ones for 30 days more."""
        page = await self._desk.backend.kv.scan(KEYS, limit=KEYS_MAX)
        found = [key for entry in page.items if (key := _readable(entry)) is not None]
        return sorted(found, key=lambda key: key.created_at, reverse=True)

    async def get(self, key: str) -> ApiKey:
        """The key of that id, name or token; of several of a name the one in use, or the newest.

        Raises UnknownKey that lists near names.
        """
        known = await self.list()
        wanted = key.removeprefix(PREFIX).partition("_")[0] if key.startswith(PREFIX) else key
        for each in sorted(known, key=lambda each: each.revoked_at is not None):
            if wanted in (each.id, each.name):
                return each
        near = get_close_matches(key, [each.name for each in known], 3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"{len(known)} keys are known"
        raise UnknownKey(f"no API key {wanted!r}; {hint}")

    async def revoke(self, key: str, *, author: str = "") -> ApiKey:
        """Take a key back: within five seconds no server takes it. Doing it again changes nothing.

        Raises UnknownKey.
        """
        found = await self.get(key)
        if found.revoked_at is None:
            found = structs.replace(found, revoked_at=self._desk.backend.clock.now(), revoked_by=author)
            await self._put(found, kept=REVOKED_KEPT)
        return found

    async def last_used(self) -> dict[str, datetime]:
        """When keys were used, by their ids, to about a minute; those that never were are left out."""
        page = await self._desk.backend.kv.scan(USED, limit=KEYS_MAX)
        return {entry.key: datetime.fromisoformat(entry.value.decode()) for entry in page.items}

    async def note_use(self, key_id: str) -> None:
        """Note that a key is used now."""
        backend = self._desk.backend
        await backend.kv.put_many(USED, [Put(key=key_id, value=backend.clock.now().isoformat().encode())])

    async def _put(self, key: ApiKey, kept: timedelta | None = None) -> None:
        await self._desk.backend.kv.put_many(KEYS, [Put(key=key.id, value=_write(key), ttl=kept)])


def _readable(entry: Entry) -> ApiKey | None:
    """The key; one that this release cannot read, because a later one has written it, is reported and not taken."""
    try:
        return _read(entry.value)
    except msgspec.MsgspecError as error:
        log.error("API key %s cannot be read, and is not taken: %s", entry.key, error)
        return None


def split_token(token: str) -> tuple[str, str] | None:
    """The id and the secret of what a caller sends; None for what is no key.

    >>> split_token("hr_0123456789ab_se_cret"), split_token("something else")
    (('0123456789ab', 'se_cret'), None)
    """
    if not token.startswith(PREFIX):
        return None
    key_id, _, secret = token.removeprefix(PREFIX).partition("_")
    return (key_id, secret) if len(key_id) == 2 * ID_BYTES and secret else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _check_name(name: str) -> str:
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable() or name != name.strip():
        raise ConfigError(f"name is what the key is for, in 1 to {NAME_LENGTH_MAX} printable characters; got {name!r}")
    return name


def _check_queues(queues: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(queues) <= QUEUES_MAX:
        raise ConfigError(f"queues are 1 to {QUEUES_MAX} names or patterns, or None for all; got {len(queues)}")
    for queue in queues:
        check_queue_name(queue)
    return queues


def _check_expiry(expires_in: timedelta) -> timedelta:
    if expires_in <= ZERO:
        raise ConfigError(f"expires_in is more than zero; got {expires_in}")
    return expires_in
