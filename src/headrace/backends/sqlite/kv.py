"""Small values under keys."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import duration_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.writer import Writer
from headrace.errors import TooLarge
from headrace.model.page import PAGE_LIMIT_MAX, Page
from headrace.storage.kv import Entry, Put


class SqliteKeyValueStore:
    """Times to live are counted on the monotonic clock, like leases.

    Writes that end by themselves are not worth an fsync: after a power cut they would be void anyway.
    """

    def __init__(self, writer: Writer, thread: ReadingThread, *, max_value: int) -> None:
        self._writer = writer
        self._thread = thread
        self._max_value = max_value

    async def get_many(self, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        return await self._thread.run(lambda transaction: _get_many(transaction, bucket, keys))

    async def put_many(self, bucket: str, puts: Sequence[Put]) -> list[int | None]:
        for put in puts:
            if put.value is not None and len(put.value) > self._max_value:
                raise TooLarge(
                    f"the value of {put.key!r} has {len(put.value)} bytes, over the limit of {self._max_value}"
                )
        lasting = any(put.ttl is None for put in puts)
        return await self._writer.run(
            lambda transaction: [_put(transaction, bucket, put) for put in puts], durable=lasting
        )

    async def scan(self, bucket: str, *, prefix: str = "", cursor: str | None = None, limit: int = 100) -> Page[Entry]:
        size = max(1, min(limit, PAGE_LIMIT_MAX))
        return await self._thread.run(lambda transaction: _scan(transaction, bucket, prefix, cursor, size))


def _get_many(transaction: Transaction, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
    replies: list[Entry | None] = [None] * len(keys)
    bindings = {"bucket": bucket, "keys": as_json(keys), "mono": transaction.mono}
    for index, key, value, revision in transaction.rows("get_entries", bindings):
        replies[index] = Entry(key=key, value=value, revision=revision)
    return replies


def _put(transaction: Transaction, bucket: str, put: Put) -> int | None:
    if put.if_revision is not None:
        (present,) = _get_many(transaction, bucket, [put.key])
        if put.if_revision != (present.revision if present else 0):
            return None
    revision = int(transaction.value("next_revision", (bucket,)))
    if put.value is None:
        transaction.run("delete_entry", (bucket, put.key))
    else:
        until = None if put.ttl is None else transaction.mono + duration_us(put.ttl)
        transaction.run("put_entry", (bucket, put.key, put.value, revision, until))
    return revision


def _scan(transaction: Transaction, bucket: str, prefix: str, cursor: str | None, size: int) -> Page[Entry]:
    bindings = {"bucket": bucket, "prefix": prefix, "after": cursor, "mono": transaction.mono, "limit": size + 1}
    found = [
        Entry(key=key, value=value, revision=revision)
        for key, value, revision in transaction.rows("scan_entries", bindings)
    ]
    return Page(items=found[:size], next_cursor=found[size - 1].key if len(found) > size else None)
