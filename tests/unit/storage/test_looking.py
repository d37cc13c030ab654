"""How far a page looks when it has so many jobs, or so much time."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from headrace.model.page import JobQuery
from headrace.storage.looking import STEP_FIRST, STEP_GROWTH_MAX, Look

PATIENCE_S = 0.015


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def walk(job_s: float, *, scan: int = 100_000) -> tuple[list[int], float]:
    """The steps of a page whose look at a job takes ``job_s``, and how long they took."""
    hand = Hand()
    look = Look(JobQuery(scan=scan, patience=timedelta(seconds=PATIENCE_S)), clock=hand)
    steps = []
    while count := look.next():
        steps.append(count)
        hand.at += count * job_s
    return steps, hand.at


def test_without_patience_a_page_looks_at_all_it_may_at_once() -> None:
    look = Look(JobQuery(scan=100_000))
    assert [look.next(), look.next()] == [100_000, 0]


def test_a_cheap_look_goes_far() -> None:
    steps, _ = walk(1e-9)
    assert (steps[0], sum(steps)) == (STEP_FIRST, 100_000)


@given(st.floats(min_value=1e-8, max_value=1e-3))
def test_a_page_takes_no_longer_than_its_patience_and_its_first_step(job_s: float) -> None:
    steps, took_s = walk(job_s)
    assert took_s <= max(PATIENCE_S, STEP_FIRST * job_s) + 1e-9
    assert all(after <= before * STEP_GROWTH_MAX for before, after in pairwise(steps))


def test_an_index_leads_to_as_many_as_are_collected_quickly_where_time_is_short() -> None:
    patient, hurried = Look(JobQuery()), Look(JobQuery(patience=timedelta(milliseconds=1)))
    assert [look.may_collect(30_000, quick=20_000) for look in (patient, hurried)] == [True, False]
