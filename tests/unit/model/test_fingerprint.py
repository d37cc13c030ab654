"""Equal errors have equal fingerprints, whatever ids they name."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.failures import describe
from headrace.model.fingerprint import fingerprint, normalised

ids = st.one_of(
    st.integers(0, 10**12).map(str),
    st.uuids().map(str),
    st.binary(min_size=4, max_size=20).map(lambda data: f"0x{data.hex()}"),
    st.text("abc xyz", max_size=9).map(lambda text: f"'{text}'"),
    st.text("abc xyz", max_size=9).map(lambda text: f'"{text}"'),
    st.floats(0.1, 1e6).map("{:.3f}".format),
    st.sampled_from(["/var/lib/shop.db", "/a/b", "https://x.example/1?q=2", "ada@example.com", "10.0.3.7:8080"]),
)


@given(ids, ids)
def test_errors_that_differ_in_ids_alone_have_one_fingerprint(one: str, other: str) -> None:
    first, second = (fingerprint("KeyError", f"order {each} is missing", ["shop:load"]) for each in (one, other))
    assert first == second


@given(st.text(), st.text(), st.lists(st.text()))
def test_any_error_has_a_fingerprint_of_twelve_letters(kind: str, message: str, frames: list[str]) -> None:
    assert len(fingerprint(kind, message, frames)) == 12


@given(st.text())
def test_normalising_twice_changes_nothing_more(message: str) -> None:
    once = normalised(message)
    assert normalised(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("KeyError", "missing", ()), ("ValueError", "missing", ())),
        (("KeyError", "no order", ()), ("KeyError", "no customer", ())),
        (("KeyError", "missing", ("shop:load",)), ("KeyError", "missing", ("shop:store",))),
    ],
)
def test_other_errors_have_other_fingerprints(
    one: tuple[str, str, tuple[str, ...]], other: tuple[str, str, tuple[str, ...]]
) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def caught(depth: int, order: object) -> BaseException:
    def fail(left: int) -> None:
        if left:
            fail(left - 1)
        raise KeyError(f"order {order}")

    try:
        fail(depth)
    except KeyError as error:
        return error
    raise AssertionError


def test_a_raised_error_is_known_by_where_it_was_raised_not_by_how_deep() -> None:
    first, deeper = (describe(caught(depth, uuid.uuid4())) for depth in (1, 5))
    assert first.fingerprint == deeper.fingerprint
    assert first.fingerprint != describe(KeyError("order 1")).fingerprint
