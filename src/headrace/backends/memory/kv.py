"""Small values under keys.

Settled here: a time to live is counted on the monotonic clock. A delete takes a revision too, also of a key that is not
there. An entry past its time to live counts as absent for ``if_revision``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.backends.memory.session import Session
from headrace.errors import TooLarge
from headrace.model.page import PAGE_LIMIT_MAX, Page
from headrace.storage.backend import Capabilities
from headrace.storage.kv import Entry, Put


@dataclass(slots=True)
class Bucket:
    """Entries with the monotonic instant at which each ends, and the last revision given out."""

    revision: int = 0
    entries: dict[str, tuple[Entry, float | None]] = field(default_factory=dict)

    def live(self, key: str, mono: float) -> Entry | None:
        """The entry unless its time is over; then it is dropped."""
        found = self.entries.get(key)
        if found is None:
            return None
        entry, ends = found
        if ends is not None and ends <= mono:
            del self.entries[key]
            return None
        return entry

    def put(self, put: Put, mono: float) -> int | None:
        """Apply one write if its condition holds."""
        present = self.live(put.key, mono)
        if put.if_revision is not None and put.if_revision != (present.revision if present else 0):
            return None
        self.revision += 1
        if put.value is None:
            self.entries.pop(put.key, None)
        else:
            ends = None if put.ttl is None else mono + put.ttl.total_seconds()
            self.entries[put.key] = (Entry(key=put.key, value=put.value, revision=self.revision), ends)
        return self.revision


class MemoryKeyValueStore:
    """Buckets in dictionaries. They are kept in the shared state's place by the backend."""

    def __init__(self, session: Session, buckets: dict[str, Bucket], capabilities: Capabilities) -> None:
        self._session = session
        self._buckets = buckets
        self._capabilities = capabilities

    async def get_many(self, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        with self._session.section() as state:
            held = self._buckets.get(bucket, Bucket())
            return [held.live(key, state.mono) for key in keys]

    async def put_many(self, bucket: str, puts: Sequence[Put]) -> list[int | None]:
        limit = self._capabilities.max_payload
        for put in puts:
            if put.value is not None and len(put.value) > limit:
                raise TooLarge(f"the value of {put.key!r} has {len(put.value)} bytes, over the limit of {limit}")
        with self._session.section() as state:
            held = self._buckets.setdefault(bucket, Bucket())
            return [held.put(put, state.mono) for put in puts]

    async def scan(self, bucket: str, *, prefix: str = "", cursor: str | None = None, limit: int = 100) -> Page[Entry]:
        size = max(1, min(limit, PAGE_LIMIT_MAX))
        with self._session.section() as state:
            held = self._buckets.get(bucket, Bucket())
            keys = sorted(key for key in held.entries if key.startswith(prefix) and (cursor is None or key > cursor))
            found = [entry for key in keys if (entry := held.live(key, state.mono)) is not None]
        items = found[:size]
        return Page(items=items, next_cursor=items[-1].key if len(found) > size else None)
