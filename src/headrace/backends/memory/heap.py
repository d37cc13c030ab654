"""A priority queue of names, each with a key that can be changed or taken away."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any

Key = tuple[Any, ...]

_SLACK = 64
"""Left-over entries tolerated, beside as many as there are names: compaction stays rare and memory bounded."""


class IndexedHeap:
    """Names in the order of their keys. Changing or removing one leaves its old entry behind, to be skipped later.

    >>> heap = IndexedHeap()
    >>> heap.put("b", (2,)); heap.put("a", (3,)); heap.put("a", (1,))
    >>> heap.first(), len(heap)
    (('a', (1,)), 2)
    >>> heap.discard("a")
    >>> heap.pop(), heap.first()
    ('b', None)
    """

    __slots__ = ("_entries", "_keys")

    def __init__(self) -> None:
        self._entries: list[tuple[Key, str]] = []
        self._keys: dict[str, Key] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, name: str, key: Key) -> None:
        """Add the name, or give it a new key."""
        if self._keys.get(name) == key:
            return
        self._keys[name] = key
        heappush(self._entries, (key, name))
        if len(self._entries) > 2 * len(self._keys) + _SLACK:
            self._entries = [(key, name) for name, key in self._keys.items()]
            heapify(self._entries)

    def discard(self, name: str) -> None:
        """Take the name out, if it is there."""
        self._keys.pop(name, None)

    def first(self) -> tuple[str, Key] | None:
        """The name with the smallest key, and that key; None when empty."""
        while self._entries:
            key, name = self._entries[0]
            if self._keys.get(name) == key:
                return name, key
            heappop(self._entries)
        return None

    def pop(self) -> str:
        """Take out the name with the smallest key."""
        found = self.first()
        if found is None:
            raise IndexError("pop from an empty heap")
        heappop(self._entries)
        del self._keys[found[0]]
        return found[0]
