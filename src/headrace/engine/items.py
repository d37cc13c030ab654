"""The jobs an operation looked at, where they stood and what became of them: an entry of the key-value store a step.

A step's entry is written before its jobs are changed: a process that dies in between leaves nothing that cannot be
undone. That a job was changed is what the entry says until it is told otherwise; whoever takes the change back looks
whether it is so.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from headrace.errors import Unsupported
from headrace.model.ids import JobId
from headrace.model.job import Job
from headrace.model.operation import Operation, OperationId, OperationItem, left_by
from headrace.model.page import Page
from headrace.model.standing import standing_of
from headrace.storage.jobs import Changed, JobRestore
from headrace.storage.kv import KeyValueStore, Put

BUCKET = "operation-items"

ITEMS_FOR = timedelta(days=7)
"""How long they are kept after the step: a change that was a mistake is noticed within a week, and a million jobs are
some 25 MB."""

_decode = msgspec.json.Decoder(list[OperationItem]).decode


class _Place(NamedTuple):
    """Where a page ended: in which entry, by the store's cursor of the one before it, and how far into it."""

    scan: str | None
    offset: int


class Items:
    """Keeps and reads the items of operations."""

    def __init__(self, kv: KeyValueStore) -> None:
        self._kv = kv

    async def keep(self, operation: Operation, jobs: Sequence[Job]) -> list[OperationItem]:
        """Write down where the jobs of the next step stand; of a step begun before, the first writing counts."""
        items = [OperationItem(job_id=job.id, before=standing_of(job)) for job in jobs]
        key = _key(operation)
        if await self._put(key, items, if_revision=0):
            return items
        [entry] = await self._kv.get_many(BUCKET, [key])
        known = {each.job_id: each for each in _unpack(entry.value)} if entry is not None else {}
        merged = {each.job_id: each for each in items} | known
        await self._put(key, list(merged.values()))
        return list(merged.values())

    async def settle(
        self, operation: Operation, items: Sequence[OperationItem], left_alone: Mapping[JobId, str]
    ) -> None:
        """Write down which of the step's jobs were left alone, and why."""
        told = [replace(each, left_alone=left_alone.get(each.job_id, each.left_alone)) for each in items]
        await self._put(_key(operation), told)

    async def page(
        self, operation_id: OperationId, *, cursor: str | None = None, limit: int = 200
    ) -> Page[OperationItem]:
        """Up to ``limit`` items, in the order in which they were changed; fewer where a step's entry ends."""
        place = _read_cursor(cursor)
        found = await self._kv.scan(BUCKET, prefix=f"{operation_id}/", cursor=place.scan, limit=1)
        if not found.items:
            return Page(items=[], next_cursor=None)
        items = _unpack(found.items[0].value)
        end = place.offset + limit
        if end < len(items):
            following: str | None = _write_cursor(_Place(place.scan, end))
        else:
            following = None if found.next_cursor is None else _write_cursor(_Place(found.next_cursor, 0))
        return Page(items=items[place.offset : end], next_cursor=following)

    async def _put(self, key: str, items: Sequence[OperationItem], *, if_revision: int | None = None) -> bool:
        value = zlib.compress(msgspec.json.encode(items), 1)
        put = Put(key=key, value=value, if_revision=if_revision, ttl=ITEMS_FOR)
        return (await self._kv.put_many(BUCKET, [put]))[0] is not None


def left_alone(change: Changed) -> str:
    """Why a verb did not change a job, in words; empty where it did."""
    if change.changed:
        return ""
    if change.state is None:
        return "it was deleted meanwhile"
    if change.conflict is not None:
        return f"job {change.conflict} holds its unique key"
    match change.differs:
        case None | "state":
            return f"it is {change.state.value}"
        case "claims":
            return f"it ran meanwhile, and is {change.state.value}"
        case "finished_at" | "cancel_requested":
            return f"it is {change.state.value}, and was changed meanwhile"
        case field:
            return f"its {field} changed meanwhile"


def as_restore(operation: Operation, item: OperationItem) -> JobRestore | None:
    """What puts the item's job back; None where the operation did not change it."""
    if not item.changed or item.before is None:
        return None
    return JobRestore(id=item.job_id, before=item.before, left=left_by(operation, item.before))


def as_left(operation: Operation, item: OperationItem, job: Job) -> bool:
    """Whether the job is still as the operation left it, so that it can be put back."""
    restore = as_restore(operation, item)
    return restore is not None and restore.differs(standing_of(job)) is None


def _key(operation: Operation) -> str:
    """Of the operation's next step: they sort in the order of steps."""
    return f"{operation.id}/{operation.matched:012}"


def _unpack(value: bytes) -> list[OperationItem]:
    return _decode(zlib.decompress(value))


def _write_cursor(place: _Place) -> str:
    return f"{place.offset}:{place.scan or ''}"


def _read_cursor(cursor: str | None) -> _Place:
    if cursor is None:
        return _Place(None, 0)
    offset, _, scan = cursor.partition(":")
    if not (offset.isascii() and offset.isdigit()):
        raise Unsupported(f"{cursor!r} is no cursor of an operation's items: use the one of the page before")
    return _Place(scan or None, int(offset))
