"""Webhooks: where job events are sent, and how a message is signed (Standard Webhooks, standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from urllib.parse import urlsplit

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.event import EventFilter, JobEvent

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
"""What the standard allows."""

URL_LENGTH_MAX = 2_000


class Webhook(Struct, frozen=True, kw_only=True):
    """An endpoint that is told of job events.

    ``wanted`` says of which; those of before ``created_at`` are not sent. ``reason`` tells why it is paused. After a
    rotation messages are signed with both secrets until ``previous_until``, so that the receiver can change at leisure.
    """

    id: str
    url: str
    secret: str
    created_at: datetime
    wanted: EventFilter = EventFilter()
    description: str = ""
    active: bool = True
    reason: str | None = None
    previous_secret: str | None = None
    previous_until: datetime | None = None

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets to sign with, the newest first."""
        old = self.previous_secret
        if old is None or self.previous_until is None or self.previous_until <= now:
            return [self.secret]
        return [self.secret, old]

    def wants(self, event: JobEvent) -> bool:
        """Whether the event is to be sent there."""
        return self.active and event.at >= self.created_at and self.wanted.matches(event)

    def __repr__(self) -> str:
        # Without the secrets: a webhook is logged and shown in tracebacks.
        return f"<Webhook {self.id} to {self.url}>"


def message_id(webhook_id: str, event: JobEvent) -> str:
    """What names the message of an event to an endpoint, however often it is sent.

    The instant is part of it, because a store that was made anew begins its sequences anew.
    """
    name = f"{webhook_id}:{event.sequence}:{event.at.isoformat()}"
    return f"msg_{blake2b(name.encode(), digest_size=16).hexdigest()}"


def new_secret(noise: bytes) -> str:
    """A secret of these random bytes.

    >>> new_secret(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return SECRET_PREFIX + base64.b64encode(noise).decode()


def check_secret(secret: str) -> str:
    """Raise ConfigError unless it is ``whsec_`` and 24 to 64 bytes in base64. The message does not hold it."""
    try:
        size = len(_key(secret))
    except (ValueError, binascii.Error):
        size = 0
    if not secret.startswith(SECRET_PREFIX) or not SECRET_BYTES_MIN <= size <= SECRET_BYTES_MAX:
        raise ConfigError(
            f"secret is {SECRET_PREFIX} followed by {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64; "
            "leave it out, and one is made"
        )
    return secret


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)


def signed_headers(message: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers by which the receiver knows who sent the body, and when; ``timestamp`` in seconds since 1970.

    >>> signed_headers("msg_1", 1_700_000_000, b"{}", [new_secret(bytes(24))])["webhook-signature"]
    'v1,LzeNxZHo3O8fwpFJpLh/0B99ugILNFJw+/9lTgx0APs='
    """
    signed = f"{message}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode() for secret in secrets]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def check_url(url: str) -> str:
    """Raise ConfigError unless messages can be sent there: http or https, a host, no password, nothing unprintable.

    Which addresses may be reached is decided when a message is sent.
    """
    reason = _fault_of(url)
    if reason:
        shown = "" if "@" in url else f"; got {url[:100]!r}"  # what is before it may be a password
        raise ConfigError(f"url: it {reason}, such as https://example.com/hooks{shown}")
    return url


def _fault_of(url: str) -> str:
    if not 0 < len(url) <= URL_LENGTH_MAX or not url.isascii() or not url.isprintable() or " " in url:
        return f"has to be up to {URL_LENGTH_MAX} printable ASCII characters without spaces"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "cannot be read; give one"
    if parts.scheme not in ("http", "https"):
        return "has to begin with https:// or http://"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or password: receivers check the signature"
    if not parts.hostname or port == 0:
        return "has to name a host"
    return "has a part after #, which would not be sent" if parts.fragment else ""
