"""The records of operations, in the key-value store: made, read, and changed without losing a write."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import msgspec

from headrace.errors import OperationNotFound
from headrace.model.operation import Operation, OperationId, OperationState
from headrace.model.page import Page
from headrace.storage.kv import Entry, KeyValueStore, Put, all_entries

BUCKET = "operations"

KEPT_FOR = timedelta(days=30)
"""How long an operation that ended is kept: who did what last month can be looked up."""

log = logging.getLogger("headrace")

_decode = msgspec.json.Decoder(Operation).decode


class OperationStore:
    """Reads and writes operations. A write names the revision it rests on, so that two writers lose nothing."""

    def __init__(self, kv: KeyValueStore) -> None:
        self._kv = kv

    async def get(self, operation_id: OperationId) -> Operation:
        """The operation. Raises OperationNotFound."""
        operation, _ = await self._read(operation_id)
        return operation

    async def page(self, *, cursor: str | None = None, limit: int = 100) -> Page[Operation]:
        """The operations, the oldest first. One that cannot be read, by this release, is reported and left out."""
        page = await self._kv.scan(BUCKET, cursor=cursor, limit=limit)
        return Page(items=list(_readable(page.items)), next_cursor=page.next_cursor)

    async def add(self, operation: Operation) -> None:
        """Keep a new operation."""
        await self._kv.put_many(BUCKET, [Put(key=operation.id, value=msgspec.json.encode(operation), if_revision=0)])

    async def change(self, operation_id: OperationId, change: Callable[[Operation], Operation]) -> Operation:
        """Write what ``change`` makes of the operation, again when somebody else wrote in between."""
        while True:
            operation, revision = await self._read(operation_id)
            changed = change(operation)
            if changed == operation:
                return operation
            ttl = KEPT_FOR if changed.state.final else None
            put = Put(key=operation_id, value=msgspec.json.encode(changed), if_revision=revision, ttl=ttl)
            if (await self._kv.put_many(BUCKET, [put]))[0] is not None:
                return changed

    async def running(self) -> list[OperationId]:
        """The operations that somebody has to carry out."""
        operations = _readable(await all_entries(self._kv, BUCKET))
        return [each.id for each in operations if each.state is OperationState.RUNNING]

    async def _read(self, operation_id: OperationId) -> tuple[Operation, int]:
        [entry] = await self._kv.get_many(BUCKET, [operation_id])
        if entry is None:
            message = (
                f"there is no operation {operation_id}: it was never begun, or ended over {KEPT_FOR.days} days ago"
            )
            raise OperationNotFound(message)
        return _decode(entry.value), entry.revision


def _readable(entries: Iterable[Entry]) -> Iterator[Operation]:
    for entry in entries:
        try:
            yield _decode(entry.value)
        except msgspec.MsgspecError as error:
            log.error("operation %s cannot be read, and is left to another release: %s", entry.key, error)
