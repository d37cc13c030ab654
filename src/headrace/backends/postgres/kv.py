"""Small values under keys. Times to live are counted by the clock of leases."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.backends.postgres.session import Runner, Session
from headrace.errors import TooLarge
from headrace.model.page import PAGE_LIMIT_MAX, Page
from headrace.storage.kv import Entry, Put


class PostgresKeyValueStore:
    """Writes of one bucket follow one another: each holds the bucket's revision until it commits."""

    def __init__(self, runner: Runner, *, max_value: int) -> None:
        self._runner = runner
        self._max_value = max_value

    async def get_many(self, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        return await self._runner.run(lambda session: _get_many(session, bucket, keys))

    async def put_many(self, bucket: str, puts: Sequence[Put]) -> list[int | None]:
        for put in puts:
            if put.value is not None and len(put.value) > self._max_value:
                raise TooLarge(
                    f"the value of {put.key!r} has {len(put.value)} bytes, over the limit of {self._max_value}"
                )

        async def verb(session: Session) -> list[int | None]:
            if not puts:
                return []
            # Taken first, because it locks the bucket; what a conflict did not need is given back.
            await session.rows("next_revisions", bucket, 0)
            return [await _put(session, bucket, put) for put in puts]

        return await self._runner.run(verb, transaction=True)

    async def scan(self, bucket: str, *, prefix: str = "", cursor: str | None = None, limit: int = 100) -> Page[Entry]:
        size = max(1, min(limit, PAGE_LIMIT_MAX))

        async def verb(session: Session) -> Page[Entry]:
            rows = await session.rows("scan_entries", bucket, prefix, cursor, session.mono, size + 1)
            found = [Entry(key=key, value=value, revision=revision) for key, value, revision in rows]
            return Page(items=found[:size], next_cursor=found[size - 1].key if len(found) > size else None)

        return await self._runner.run(verb)


async def _get_many(session: Session, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
    replies: list[Entry | None] = [None] * len(keys)
    for place, key, value, revision in await session.rows("get_entries", bucket, list(keys), session.mono):
        replies[place - 1] = Entry(key=key, value=value, revision=revision)
    return replies


async def _put(session: Session, bucket: str, put: Put) -> int | None:
    if put.if_revision is not None:
        [present] = await _get_many(session, bucket, [put.key])
        if put.if_revision != (present.revision if present else 0):
            return None
    [(revision,)] = await session.rows("next_revisions", bucket, 1)
    if put.value is None:
        await session.rows("delete_entry", bucket, put.key)
    else:
        await session.rows("put_entry", bucket, put.key, put.value, revision, session.mono, put.ttl)
    return int(revision)
