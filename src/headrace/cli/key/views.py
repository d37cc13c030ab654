"""Keys as plain values, without their digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.durations import rfc3339
from headrace.wire.roles import ROLES

if TYPE_CHECKING:
    from headrace.app.keys import ApiKey


def key_view(key: ApiKey, used_at: datetime | None = None) -> dict[str, Any]:
    """A key as plain values."""
    return {
        "id": key.id,
        "name": key.name,
        "state": _state(key, datetime.now(UTC)),
        "scopes": _words(key),
        "queues": None if key.queues is None else list(key.queues),
        "created_at": key.created_at,
        "created_by": key.created_by or None,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "revoked_by": key.revoked_by or None,
        "last_used_at": used_at,
    }


def lines(key: Mapping[str, Any]) -> Iterator[str]:
    """A key for people."""
    facts = {
        "Key": f"{key['name']} ({key['id']}), {key['state']}",
        "Scopes": ", ".join(key["scopes"]),
        "Queues": "all" if key["queues"] is None else ", ".join(key["queues"]),
        "Created": _told(key["created_at"], key["created_by"]),
        "Expires": _told(key["expires_at"], None),
        "Revoked": _told(key["revoked_at"], key["revoked_by"]),
        "Last used": _told(key["last_used_at"], None),
    }
    for name, value in facts.items():
        if value is not None:
            yield f"{name + ':':11}{value}"


def _state(key: ApiKey, now: datetime) -> str:
    if key.why_not(now) is None:
        return "in use"
    return "expired" if key.revoked_at is None else "revoked"


def _told(instant: datetime | None, author: str | None) -> str | None:
    if instant is None:
        return None
    return rfc3339(instant) + (f" by {author}" if author else "")


def _words(key: ApiKey) -> list[str]:
    """The name of the role, where it is one."""
    for role, scopes in ROLES.items():
        if key.scopes == scopes:
            return [role]
    return sorted(key.scopes)
