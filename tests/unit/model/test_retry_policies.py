"""Retry policies: the rules hold for every number they can be given."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.errors import ConfigError
from headrace.model.retry import ByException, Exponential, Fixed, Never, RetryPolicy

durations = st.timedeltas(timedelta(0), timedelta(days=30))
attempts = st.integers(1, 1_000)
jitters = st.floats(0, 1)
noises = st.floats(0, 1, exclude_max=True)
exponentials = st.builds(
    Exponential, base=durations, factor=st.floats(1, 10), cap=durations, jitter=jitters, attempts=attempts
)
fixed = st.builds(Fixed, every=durations, jitter=jitters, attempts=attempts)
policies: st.SearchStrategy[RetryPolicy] = st.one_of(exponentials, fixed, st.just(Never()))
A_TICK = timedelta(microseconds=1)


@given(policies, st.integers(1, 2_000), noises)
def test_a_policy_gives_up_exactly_at_its_last_attempt(policy: RetryPolicy, attempt: int, noise: float) -> None:
    delay = policy.delay(attempt, ValueError(), noise)
    assert (delay is None) == (attempt >= policy.attempts)


@given(policies, attempts, noises)
def test_no_delay_is_negative(policy: RetryPolicy, attempt: int, noise: float) -> None:
    delay = policy.delay(attempt, ValueError(), noise)
    assert delay is None or delay >= timedelta(0)


@given(exponentials, attempts, noises)
def test_a_delay_stays_within_the_jitter_around_the_plain_one(policy: Exponential, attempt: int, noise: float) -> None:
    delay, plain = policy.delay(attempt, ValueError(), noise), policy.delay(attempt, ValueError(), 0.5)
    assume(delay is not None and plain is not None)
    assert delay is not None
    assert plain is not None
    assert plain * (1 - policy.jitter) - A_TICK <= delay <= plain * (1 + policy.jitter) + A_TICK


@given(exponentials, attempts, noises)
def test_no_delay_is_longer_than_the_cap_and_its_jitter(policy: Exponential, attempt: int, noise: float) -> None:
    delay = policy.delay(attempt, ValueError(), noise)
    assert delay is None or delay <= policy.cap * (1 + policy.jitter) + A_TICK


@given(exponentials, attempts)
def test_without_noise_delays_never_become_shorter(policy: Exponential, attempt: int) -> None:
    earlier, later = (policy.delay(number, ValueError(), 0.5) for number in (attempt, attempt + 1))
    assert later is None or (earlier is not None and earlier <= later)


@given(fixed, noises)
def test_a_fixed_delay_depends_on_nothing_but_noise(policy: Fixed, noise: float) -> None:
    delays = {policy.delay(attempt, ValueError(), noise) for attempt in range(1, min(policy.attempts, 50))}
    assert len(delays) <= 1


def test_a_very_late_attempt_does_not_overflow() -> None:
    policy = Exponential(factor=10, attempts=10**6, jitter=0)
    assert policy.delay(10**5, ValueError(), 0.5) == policy.cap


@given(exponentials, fixed, attempts, noises)
def test_the_first_matching_exception_chooses_the_policy(
    first: Exponential, second: Fixed, attempt: int, noise: float
) -> None:
    policy = ByException({ConnectionError: first, OSError: second}, default=Never())
    assert policy.delay(attempt, ConnectionResetError(), noise) == first.delay(attempt, OSError(), noise)
    assert policy.delay(attempt, PermissionError(), noise) == second.delay(attempt, OSError(), noise)
    assert policy.delay(attempt, ValueError(), noise) is None
    assert policy.attempts == max(first.attempts, second.attempts)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: Exponential(attempts=0), "at least 1; got 0"),
        (lambda: Exponential(base=timedelta(-1)), "must not be negative"),
        (lambda: Exponential(jitter=1.5), "fraction between 0 and 1"),
        (lambda: Exponential(factor=0.5), "factor must be at least 1"),
        (lambda: Fixed(every=timedelta(-1)), "every must not be negative"),
        (lambda: Fixed(5), r"every is a timedelta, such as seconds\(5\); got 5"),  # type: ignore[arg-type]
        (lambda: Exponential(timedelta(1), cap=60), "cap is a timedelta"),  # type: ignore[arg-type]
        (lambda: Fixed(attempts=-1), "at least 1; got -1"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_with_its_value(wrong: object, told: str) -> None:
    assert callable(wrong)
    with pytest.raises(ConfigError, match=told):
        wrong()
