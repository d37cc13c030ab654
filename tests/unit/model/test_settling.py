"""What outcomes and losses do to a running job. The stores' conformance suite shows the same on whole stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from headrace.model.job import AttemptOutcome, ErrorInfo, JobState
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Released, Snoozed, Waiting
from headrace.model.settling import after_loss, may_be_quarantined, settle

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ERROR = ErrorInfo(type="ValueError", message="no")
DELAYS = st.timedeltas(timedelta(days=-1), timedelta(days=1))


class Row(Struct, frozen=True, kw_only=True):
    """What a store knows of a running job."""

    attempt: int = 1
    max_attempts: int = 3
    wakes: int = 0
    worker: str = "w"
    cancel_requested: bool = False
    reason: str | None = None


ROWS = st.builds(
    Row,
    attempt=st.integers(1, 5),
    max_attempts=st.integers(1, 5),
    wakes=st.integers(0, 3),
    cancel_requested=st.booleans(),
    reason=st.sampled_from((None, "asked")),
)
GIVEN_BACK = st.one_of(
    st.builds(Snoozed, delay=DELAYS),
    st.builds(Waiting, seen=st.integers(0, 3), until=st.sampled_from((None, NOW + timedelta(hours=1)))),
    st.builds(Released),
)
OUTCOMES = st.one_of(
    GIVEN_BACK,
    st.builds(Failed, error=st.just(ERROR), retry_in=st.none() | DELAYS),
    st.just(Cancelled(reason="r")),
    st.builds(Discarded, reason=st.just("r"), error=st.sampled_from((None, ERROR))),
)


@given(job=ROWS, outcome=OUTCOMES)
def test_after_an_outcome_a_job_neither_runs_nor_has_succeeded(job: Row, outcome: Outcome) -> None:
    assert settle(job, outcome, NOW).state not in (JobState.RUNNING, JobState.SUCCEEDED, JobState.EXPIRED)


@given(job=ROWS, outcome=OUTCOMES)
def test_a_job_whose_cancellation_was_asked_for_has_ended(job: Row, outcome: Outcome) -> None:
    settled = settle(job, outcome, NOW)
    assert settled.state.final or not job.cancel_requested


@given(job=ROWS, outcome=OUTCOMES)
def test_a_job_is_woken_by_upkeep_exactly_when_it_is_scheduled_or_waits_for_an_instant(
    job: Row, outcome: Outcome
) -> None:
    settled = settle(job, outcome, NOW)
    timed = settled.state is JobState.WAITING and isinstance(outcome, Waiting) and outcome.until is not None
    assert (settled.wake_at is not None) == (timed or settled.state is JobState.SCHEDULED)
    assert settled.state is not JobState.SCHEDULED or (settled.wake_at is not None and settled.wake_at > NOW)


@given(job=ROWS, outcome=GIVEN_BACK)
def test_what_is_given_back_costs_no_attempt_and_leaves_no_history(job: Row, outcome: Outcome) -> None:
    settled = settle(job, outcome, NOW)
    assert (settled.attempt, settled.ended, settled.event) == (job.attempt - 1, None, None)


@given(job=ROWS, outcome=OUTCOMES)
def test_an_attempt_that_ended_counts(job: Row, outcome: Outcome) -> None:
    settled = settle(job, outcome, NOW)
    assert settled.ended is None or settled.attempt == job.attempt


@given(seen=st.integers(0, 3), wakes=st.integers(0, 3))
def test_no_wake_up_is_lost(seen: int, wakes: int) -> None:
    settled = settle(Row(wakes=wakes), Waiting(seen=seen), NOW)
    assert settled.state is (JobState.QUEUED if wakes > seen else JobState.WAITING)


@pytest.mark.parametrize(
    ("ended", "event"),
    [(AttemptOutcome.FAILED, "failed"), (AttemptOutcome.TIMED_OUT, "failed")],
)
def test_a_failure_counts_in_the_rates(ended: AttemptOutcome, event: str) -> None:
    assert settle(Row(), Failed(error=ERROR, outcome=ended), NOW).event == event


def test_success_is_the_stores_own_matter() -> None:
    with pytest.raises(AssertionError, match="no transition"):
        settle(Row(), Completed(), NOW)


@given(job=ROWS, losses=st.integers(1, 5), quarantine_after=st.none() | st.integers(1, 5))
def test_a_lost_job_runs_again_while_it_has_attempts_and_does_not_kill_its_workers(
    job: Row, losses: int, quarantine_after: int | None
) -> None:
    settled = after_loss(job, losses, quarantine_after)
    quarantine = quarantine_after is not None and losses >= quarantine_after
    if job.cancel_requested:
        assert settled.state is JobState.CANCELLED
    elif job.attempt >= job.max_attempts:
        assert (settled.state, settled.reason) == (JobState.DEAD, job.reason)
    elif quarantine:
        assert settled.state is JobState.DEAD
        assert f"died {losses} times" in str(settled.reason)
    else:
        assert settled.state is JobState.QUEUED
    assert (settled.event, settled.attempt, settled.run_at) == ("lost", job.attempt, None)
    assert settled.error is not None


@given(job=ROWS, quarantine_after=st.none() | st.integers(1, 5), losses=st.integers(1, 5))
def test_losses_are_counted_wherever_they_can_matter(job: Row, quarantine_after: int | None, losses: int) -> None:
    possible = min(losses, job.attempt)
    if not may_be_quarantined(job, quarantine_after):
        assert after_loss(job, possible, quarantine_after).state is after_loss(job, 1, quarantine_after).state
