"""API keys: who calls, and what they may do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from headrace.wire.base import Duration, Name, Reply, Request
from headrace.wire.scopes import Scope

KeyName = Annotated[str, Meta(min_length=1, max_length=100, pattern="^[^\\x00]*$")]


class CreateKey(Request, frozen=True, kw_only=True):
    """A key to be made. ``scopes``: read, submit, work, operate, admin, or single ones such as jobs:read.

    ``queues``: names and patterns of those it is for; null for all. ``expires_in``: null until it is revoked.
    """

    name: KeyName
    scopes: Annotated[list[Name], Meta(min_length=1, max_length=50)]
    queues: Annotated[list[Name], Meta(min_length=1, max_length=100)] | None = None
    expires_in: Duration | None = None


class KeyNamed(Request, frozen=True, kw_only=True):
    """Which key, by its id or its name."""

    key: Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00]*$")]


class KeyView(Reply, frozen=True, kw_only=True):
    """A key, without what it is told by. ``last_used_at`` is known to about a minute."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    queues: tuple[str, ...] | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    last_used_at: datetime | None


class NewKey(Reply, frozen=True, kw_only=True):
    """A new key, and the token that its holder sends: it is in this answer and in no other."""

    key: KeyView
    token: str
