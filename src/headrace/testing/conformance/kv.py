"""Key and value: conditional writes, revisions that only grow, and a time to live."""

from __future__ import annotations

import asyncio

import pytest

from headrace.errors import TooLarge
from headrace.storage.backend import Backend
from headrace.storage.kv import Entry, Put
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, INSTANT


async def put(backend: Backend, key: str, value: bytes | None, if_revision: int | None = None) -> int | None:
    """Write one key of bucket ``b``."""
    [revision] = await backend.kv.put_many("b", [Put(key=key, value=value, if_revision=if_revision)])
    return revision


async def get(backend: Backend, key: str) -> bytes | None:
    """The value of one key of bucket ``b``."""
    [entry] = await backend.kv.get_many("b", [key])
    return None if entry is None else entry.value


class KeyValuePromises:
    async def test_a_value_is_read_back_with_its_revision(self, backend: Backend) -> None:
        revision = await put(backend, "k", b"\x00v")
        assert revision is not None
        assert await backend.kv.get_many("b", ["x", "k"]) == [None, Entry(key="k", value=b"\x00v", revision=revision)]

    async def test_buckets_do_not_see_each_other(self, backend: Backend) -> None:
        await put(backend, "k", b"v")
        assert await backend.kv.get_many("c", ["k"]) == [None]

    async def test_the_revision_of_a_bucket_grows_with_every_write_of_any_key(self, backend: Backend) -> None:
        revisions = [await put(backend, key, b"v") for key in ("a", "b", "a", "c", "b")]
        assert revisions == sorted({each for each in revisions if each is not None})
        assert len(revisions) == 5

    async def test_the_revision_grows_over_a_delete(self, backend: Backend) -> None:
        first = await put(backend, "k", b"v")
        await put(backend, "k", None)
        again = await put(backend, "k", b"v")
        assert first is not None
        assert again is not None
        assert again > first

    async def test_a_deleted_key_is_gone(self, backend: Backend) -> None:
        await put(backend, "k", b"v")
        assert await put(backend, "k", None) is not None
        assert await get(backend, "k") is None

    async def test_an_empty_value_is_a_value(self, backend: Backend) -> None:
        await put(backend, "k", b"")
        assert await get(backend, "k") == b""

    async def test_a_write_on_the_right_revision_succeeds_once(self, backend: Backend) -> None:
        revision = await put(backend, "k", b"1")
        assert await put(backend, "k", b"2", if_revision=revision) is not None
        assert await put(backend, "k", b"3", if_revision=revision) is None
        assert await get(backend, "k") == b"2"

    async def test_revision_zero_means_that_the_key_must_not_exist(self, backend: Backend) -> None:
        assert await put(backend, "k", b"1", if_revision=0) is not None
        assert await put(backend, "k", b"2", if_revision=0) is None
        await put(backend, "k", None)
        assert await put(backend, "k", b"3", if_revision=0) is not None

    async def test_a_conditional_delete_obeys_its_condition(self, backend: Backend) -> None:
        revision = await put(backend, "k", b"1")
        assert revision is not None
        assert await put(backend, "k", None, if_revision=revision + 1) is None
        assert await get(backend, "k") == b"1"
        assert await put(backend, "k", None, if_revision=revision) is not None
        assert await get(backend, "k") is None

    async def test_each_write_of_a_batch_stands_on_its_own_condition(self, backend: Backend) -> None:
        await put(backend, "old", b"1")
        puts = [
            Put(key="old", value=b"2", if_revision=0),
            Put(key="new", value=b"2", if_revision=0),
            Put(key="new", value=b"3", if_revision=0),
        ]
        replies = await backend.kv.put_many("b", puts)
        assert [each is None for each in replies] == [True, False, True]
        assert (await get(backend, "old"), await get(backend, "new")) == (b"1", b"2")

    async def test_of_many_concurrent_creators_one_wins(self, backend: Backend) -> None:
        replies = await asyncio.gather(*(put(backend, "k", str(n).encode(), if_revision=0) for n in range(20)))
        winners = [n for n, reply in enumerate(replies) if reply is not None]
        assert len(winners) == 1
        assert await get(backend, "k") == str(winners[0]).encode()

    async def test_an_entry_past_its_time_is_not_seen(self, backend: Backend, clock: FrozenClock) -> None:
        await backend.kv.put_many("b", [Put(key="k", value=b"v", ttl=HOUR), Put(key="stays", value=b"v")])
        clock.advance(HOUR - INSTANT)
        assert await get(backend, "k") == b"v"
        clock.advance(2 * INSTANT)
        assert await get(backend, "k") is None
        assert [each.key for each in (await backend.kv.scan("b")).items] == ["stays"]
        assert await put(backend, "k", b"new", if_revision=0) is not None

    async def test_a_new_write_sets_a_new_time(self, backend: Backend, clock: FrozenClock) -> None:
        for _ in range(3):
            await backend.kv.put_many("b", [Put(key="k", value=b"v", ttl=HOUR)])
            clock.advance(HOUR / 2)
        await put(backend, "k", b"for ever")
        clock.advance(100 * HOUR)
        assert await get(backend, "k") == b"for ever"

    async def test_a_scan_is_in_the_order_of_keys_and_in_pages(self, backend: Backend) -> None:
        keys = [f"w/{n}" for n in (3, 1, 5, 2, 4)]
        await backend.kv.put_many("b", [Put(key=key, value=key.encode()) for key in (*keys, "x/1", "v")])
        first = await backend.kv.scan("b", prefix="w/", limit=3)
        assert [each.key for each in first.items] == ["w/1", "w/2", "w/3"]
        assert first.items[0].value == b"w/1"
        second = await backend.kv.scan("b", prefix="w/", cursor=first.next_cursor, limit=3)
        assert ([each.key for each in second.items], second.next_cursor) == (["w/4", "w/5"], None)

    async def test_a_prefix_is_taken_literally(self, backend: Backend) -> None:
        await backend.kv.put_many("b", [Put(key=key, value=b"") for key in ("a%b", "a_c", "aXb", "A%b", "a*d")])
        for prefix, keys in (("a%", ["a%b"]), ("a_", ["a_c"]), ("a*", ["a*d"]), ("A", ["A%b"])):
            assert [each.key for each in (await backend.kv.scan("b", prefix=prefix)).items] == keys

    async def test_a_scan_of_nothing_is_empty(self, backend: Backend) -> None:
        page = await backend.kv.scan("nothing")
        assert (page.items, page.next_cursor) == ([], None)

    async def test_a_value_over_the_limit_writes_nothing_of_its_batch(self, backend: Backend) -> None:
        huge = b"x" * (backend.capabilities.max_payload + 1)
        with pytest.raises(TooLarge, match=str(len(huge))):
            await backend.kv.put_many("b", [Put(key="small", value=b""), Put(key="huge", value=huge)])
        assert await backend.kv.get_many("b", ["small", "huge"]) == [None, None]
