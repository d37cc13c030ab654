"""Small values under keys, with revisions and a time to live: worker records, schedules, leadership data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from headrace.model.page import Page

SCAN_PAGE = 500
"""Entries that are read in one call of the store, when all are wanted."""


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """A stored value. ``revision`` grows with every write of any key of the bucket."""

    key: str
    value: bytes
    revision: int


class Put(Struct, frozen=True, kw_only=True, gc=False):
    """A write. ``value`` None deletes. ``if_revision`` makes it conditional: 0 means that the key must not exist.

    ``ttl`` None keeps the value until it is deleted.
    """

    key: str
    value: bytes | None
    if_revision: int | None = None
    ttl: timedelta | None = None


class KeyValueStore(Protocol):
    """Buckets of entries. An entry past its time to live is not seen any more."""

    async def get_many(self, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        """The entries, None where there is none."""
        ...

    async def put_many(self, bucket: str, puts: Sequence[Put]) -> list[int | None]:
        """Write, each on its own condition, all in one atomic call. Answers the new revision, None for a conflict."""
        ...

    async def scan(self, bucket: str, *, prefix: str = "", cursor: str | None = None, limit: int = 100) -> Page[Entry]:
        """Entries in the order of their keys."""
        ...


async def all_entries(kv: KeyValueStore, bucket: str) -> list[Entry]:
    """Every entry of a bucket, in the order of their keys. Read in pages: what is written meanwhile may be missing."""
    found: list[Entry] = []
    cursor: str | None = None
    while True:
        page = await kv.scan(bucket, cursor=cursor, limit=SCAN_PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
