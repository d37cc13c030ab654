from __future__ import annotations

import asyncio

import pytest

from headrace.engine.batching import Batcher


class Bulk:
    """Doubles numbers in bulk, notes its batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.called = asyncio.Event()

    async def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.called.set()
        await self.open.wait()
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


async def test_calls_of_one_turn_are_one_batch_and_each_gets_its_own_reply() -> None:
    bulk = Bulk()
    batcher = Batcher(bulk)
    assert await asyncio.gather(*(batcher.submit(n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert bulk.batches == [[0, 1, 2, 3, 4]]


async def test_calls_during_a_flight_are_the_next_batch() -> None:
    bulk = Bulk()
    bulk.open.clear()
    batcher = Batcher(bulk)
    first = batcher.submit(1)
    await bulk.called.wait()
    others = [batcher.submit(2), batcher.submit(3)]
    bulk.open.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert bulk.batches == [[1], [2, 3]]


async def test_where_two_batches_may_fly_each_takes_half() -> None:
    bulk = Bulk()
    bulk.open.clear()
    batcher = Batcher(bulk, flights=2)
    first = [batcher.submit(n) for n in range(20, 40)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [batcher.submit(n) for n in range(40, 50)]
    bulk.open.set()
    assert await asyncio.gather(*first, *others) == [2 * n for n in range(20, 50)]
    assert [len(batch) for batch in bulk.batches] == [10, 10, 10]
    await batcher.close()


async def test_few_calls_are_one_batch_though_two_may_fly() -> None:
    bulk = Bulk()
    batcher = Batcher(bulk, flights=2)
    await asyncio.gather(*(batcher.submit(n) for n in range(5)))
    assert bulk.batches == [[0, 1, 2, 3, 4]]


async def test_a_call_that_comes_as_a_flight_ends_is_answered() -> None:
    bulk = Bulk()
    batcher = Batcher(bulk)
    for number in range(50):
        assert await batcher.submit(number if number != 13 else 0) in (2 * number, 0)


async def test_no_batch_is_larger_than_the_limit() -> None:
    bulk = Bulk()
    batcher = Batcher(bulk, limit=2)
    await asyncio.gather(*(batcher.submit(n) for n in range(5)))
    assert [len(batch) for batch in bulk.batches] == [2, 2, 1]


async def test_an_error_reaches_every_caller_of_the_batch_and_only_those() -> None:
    batcher = Batcher(Bulk(), limit=2)
    replies = await asyncio.gather(*(batcher.submit(n) for n in (13, 1, 2, 3)), return_exceptions=True)
    assert [type(reply) for reply in replies] == [ValueError, ValueError, int, int]


async def test_an_error_that_blames_one_item_does_not_reach_the_others() -> None:
    batcher = Batcher(Bulk(), isolate=(ValueError,))
    replies = await asyncio.gather(*(batcher.submit(n) for n in (1, 13, 2)), return_exceptions=True)
    assert replies[0] == 2
    assert isinstance(replies[1], ValueError)
    assert replies[2] == 4


async def test_a_caller_cancelled_while_waiting_takes_its_item_back() -> None:
    bulk = Bulk()
    bulk.open.clear()
    batcher = Batcher(bulk)
    first = batcher.submit(1)
    await bulk.called.wait()
    taken_back, stays = batcher.submit(2), batcher.submit(3)
    taken_back.cancel()
    bulk.open.set()
    assert (await first, await stays) == (2, 6)
    assert bulk.batches == [[1], [3]]


async def test_a_caller_cancelled_in_flight_lets_the_batch_go_on() -> None:
    bulk = Bulk()
    bulk.open.clear()
    batcher = Batcher(bulk)
    gone, stays = batcher.submit(1), batcher.submit(2)
    await bulk.called.wait()
    gone.cancel()
    bulk.open.set()
    assert await stays == 4


async def test_too_few_replies_are_an_error_for_everybody() -> None:
    async def forgetful(items: list[int]) -> list[int]:
        return items[1:]

    with pytest.raises(RuntimeError, match="0 replies came back for 1 items"):
        await Batcher(forgetful).submit(1)


async def test_closing_waits_for_what_was_handed_in() -> None:
    bulk = Bulk()
    batcher = Batcher(bulk)
    reply = batcher.submit(4)
    await batcher.close()
    assert reply.result() == 8
