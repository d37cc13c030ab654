import random

import pytest

from headrace.backends.memory.heap import IndexedHeap


def test_names_come_out_in_the_order_of_their_last_keys() -> None:
    dice, heap = random.Random(1), IndexedHeap()
    keys: dict[str, tuple[int]] = {}
    for _ in range(5_000):
        name = f"n{dice.randrange(200)}"
        if dice.random() < 0.3:
            heap.discard(name)
            keys.pop(name, None)
        else:
            keys[name] = (dice.randrange(1_000_000),)
            heap.put(name, keys[name])
    assert len(heap) == len(keys)
    assert [heap.pop() for _ in range(len(heap))] == sorted(keys, key=lambda name: (keys[name], name))
    assert heap.first() is None


def test_what_was_left_behind_is_cleared_away() -> None:
    heap = IndexedHeap()
    for turn in range(10_000):
        heap.put("only", (turn,))
    assert len(heap._entries) < 100


def test_taking_from_an_empty_heap_says_so() -> None:
    with pytest.raises(IndexError, match="empty"):
        IndexedHeap().pop()
