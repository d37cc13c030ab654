from __future__ import annotations

import pytest

from headrace.engine.failures import MESSAGE_BYTES_MAX, TRACEBACK_BYTES_MAX, describe


def test_long_texts_are_cut_in_the_middle() -> None:
    info = describe(ValueError("a" * 200_000 + "the end"))
    assert len(info.message.encode()) <= MESSAGE_BYTES_MAX
    assert len(info.traceback.encode()) <= TRACEBACK_BYTES_MAX
    assert info.message.endswith("the end")
    assert "... cut ..." in info.message


def test_what_no_store_takes_is_written_out() -> None:
    assert describe(ValueError("a\0b\ud83dc")).message == "a\\x00b\\ud83dc"


def test_an_exception_that_cannot_be_read_is_described_all_the_same() -> None:
    class Unreadable(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert describe(Unreadable()).message == "<the message cannot be read: ZeroDivisionError>"


def test_a_recursion_stays_within_the_limit() -> None:
    def fall(depth: int) -> None:
        fall(depth + 1)

    with pytest.raises(RecursionError) as caught:
        fall(0)
    info = describe(caught.value)
    assert info.type == "RecursionError"
    assert len(info.traceback.encode()) <= TRACEBACK_BYTES_MAX
