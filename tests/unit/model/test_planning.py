"""What a round decides: about every occurrence that is due, once, and by the policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.planning import HELD_MAX, Decision, plan, settle_overlap
from headrace.model.rules import EPOCH, EveryRule, Rule, latest_until, make_rule, next_after, occurrences
from headrace.model.schedule import Misfire, Outcome, Overlap, Schedule, ledger_key, occurrence_job

START = datetime(2027, 3, 1, tzinfo=UTC)

rules = st.one_of(
    st.integers(10, 100_000).map(lambda n: make_rule(timedelta(seconds=n))),
    st.sampled_from(["*/5 * * * *", "0 * * * *", "30 2 * * *", "0 9 * * MON", "0 0 L * *"]).map(
        lambda text: make_rule(text, timezone="Europe/Paris")
    ),
)
instants = st.integers(0, 90 * 86_400).map(lambda n: START + timedelta(seconds=n))


def test_an_interval_goes_on_until_the_calendar_ends() -> None:
    # Intervals of more than eight years are refused now, but an earlier release stored them.
    long = EveryRule(every=timedelta(days=400_000))
    assert [at.year for at, _ in occurrences(long, START)] == [3065, 4160, 5255, 6350, 7445, 8540, 9636]
    assert next_after(EveryRule(every=timedelta(days=9_000_000)), START) is None


def schedule_of(rule: Rule, **fields: object) -> Schedule:
    job = NewJob(id=JobId(""), task="t", payload=b"")
    return Schedule(name="s", rule=rule, job=job, created_at=START, since=START, **fields)  # type: ignore[arg-type]


@settings(deadline=None)
@given(rule=rules, until=instants, back=st.integers(0, 40 * 86_400))
def test_the_latest_occurrence_is_the_last_of_all(rule: Rule, until: datetime, back: int) -> None:
    after = until - timedelta(seconds=back)
    latest = latest_until(rule, until, after=after)
    if latest is None:
        following = next_after(rule, after)
        assert following is None or following > until
    else:
        assert after < latest <= until
        following = next_after(rule, latest)
        assert following is None or following > until
        assert next_after(rule, latest - timedelta(microseconds=1)) == latest


@settings(deadline=None)
@given(
    rule=rules,
    cursor=instants,
    away=st.integers(0, 30_000),
    misfire=st.sampled_from(Misfire),
    limit=st.integers(1, 20),
    late_s=st.integers(0, 7_200),
)
def test_each_occurrence_that_is_due_is_decided_about_once_and_in_order(
    rule: Rule, cursor: datetime, away: int, misfire: Misfire, limit: int, late_s: int
) -> None:
    now = cursor + timedelta(seconds=away)
    schedule = schedule_of(rule, misfire=misfire, misfire_limit=limit, misfire_after=timedelta(seconds=late_s))
    decisions: list[Decision] = []
    reached = cursor
    while True:
        made = plan(schedule, reached, now)
        if not made.decisions:
            break
        assert made.cursor > reached
        decisions += made.decisions
        reached = made.cursor
    following = next_after(rule, reached)
    assert following is None or following > now

    planned = [decision.planned for decision in decisions]
    assert planned == sorted(set(planned))
    due = [each.at for each in takewhile(lambda each: each.at <= now, occurrences(rule, cursor))]
    assert set(planned) <= set(due)
    if all(decision.many == 1 for decision in decisions):
        assert planned == due

    late_until = now - schedule.misfire_after
    fired = [decision.planned for decision in decisions if decision.outcome is Outcome.FIRING]
    late = [at for at in due if at <= late_until]
    assert [at for at in fired if at > late_until] == [at for at in due if at > late_until]
    made_good = [at for at in fired if at <= late_until]
    if misfire is Misfire.SKIP:
        assert made_good == []
    elif misfire is Misfire.ONCE:
        assert made_good == (late[-1:] if len(late) == len(due) else [])
    else:
        assert made_good == late[-limit:]


@settings(deadline=None)
@given(
    outcomes=st.lists(st.sampled_from([Outcome.FIRING, Outcome.MISSED]), max_size=30),
    overlap=st.sampled_from(Overlap),
    busy=st.booleans(),
    held=st.integers(0, HELD_MAX),
)
def test_overlap_lets_at_most_one_fire_at_a_time(
    outcomes: list[Outcome], overlap: Overlap, busy: bool, held: int
) -> None:
    decisions = [Decision(START + timedelta(hours=n), outcome) for n, outcome in enumerate(outcomes)]
    settled = settle_overlap(schedule_of(make_rule("@hourly"), overlap=overlap), decisions, busy=busy, held=held)
    assert [each.planned for each in settled] == [each.planned for each in decisions]
    firing = [each for each in settled if each.outcome is Outcome.FIRING]
    waiting = [each for each in settled if each.outcome is Outcome.HELD]
    if overlap is Overlap.ALLOW:
        assert settled == decisions
        return
    assert len(firing) <= 1
    assert len(waiting) + held <= HELD_MAX
    if overlap in (Overlap.SKIP, Overlap.QUEUE) and (busy or held):
        assert not firing
    if overlap is Overlap.REPLACE and Outcome.FIRING in outcomes:
        assert firing[0].planned == max(each.planned for each in decisions if each.outcome is Outcome.FIRING)


@settings(deadline=None)
@given(first=instants, second=instants, micros=st.integers(0, 10))
def test_an_occurrence_has_one_key_and_one_job_and_later_ones_sort_first(
    first: datetime, second: datetime, micros: int
) -> None:
    second += timedelta(microseconds=micros)
    schedule = schedule_of(make_rule("@hourly"))
    keys = [ledger_key("s", at) for at in (first, second)]
    ids = [occurrence_job(schedule, at, now=EPOCH).id for at in (first, second)]
    assert (keys[0] == keys[1]) == (ids[0] == ids[1]) == (first == second)
    assert (keys[0] < keys[1]) == (first > second)
