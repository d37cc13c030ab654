"""What a schedule does now: which occurrences fire, wait, are skipped or were missed. Pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import NamedTuple

from headrace.model.rules import latest_until, next_after, occurrences
from headrace.model.schedule import Misfire, Outcome, Overlap, Schedule

ROUND_MAX = 1_000
"""Occurrences of one schedule that are looked at one by one; what lies further back is summed up in one entry."""

MISSED_SHOWN = 100
"""Missed occurrences that get an entry each: more would push everything else out of the ledger."""

HELD_MAX = 100
"""Occurrences that may wait for a job to end. Behind a job that never ends they must not pile up for ever."""

_MICROSECOND = timedelta(microseconds=1)


class Decision(NamedTuple):
    """What is to become of an occurrence, or of ``many`` missed ones of which ``planned`` is the last."""

    planned: datetime
    outcome: Outcome
    reason: str | None = None
    many: int = 1


class Plan(NamedTuple):
    """The decisions in the order of time, and the instant up to which all is then decided.

    That may be before now: one round takes so many occurrences, and the next one goes on.
    """

    decisions: list[Decision]
    cursor: datetime


def plan(schedule: Schedule, cursor: datetime, now: datetime) -> Plan:
    """Decide about everything after ``cursor`` and up to ``now``. Overlap is not looked at here."""
    following = (planned.at for planned in islice(occurrences(schedule.rule, cursor), ROUND_MAX))
    due = list(takewhile(lambda at: at <= now, following))
    if not due:
        return Plan([], cursor)
    late_until = now - schedule.misfire_after
    if len(due) == ROUND_MAX and due[-1] <= late_until:
        return _plan_long_absence(schedule, due, late_until, now)
    late = [at for at in due if at <= late_until]
    in_time = [Decision(at, Outcome.FIRING) for at in due[len(late) :]]
    made_good = _made_good(schedule, late, in_time=bool(in_time))
    missed = late[: len(late) - made_good]
    decisions = _missed(missed, schedule) + _late(late[len(missed) :], schedule) + in_time
    return Plan(decisions, due[-1])


def _plan_long_absence(schedule: Schedule, due: list[datetime], late_until: datetime, now: datetime) -> Plan:
    """More were missed than are worth counting: the last few are found from the other end."""
    wanted = {Misfire.SKIP: 0, Misfire.ONCE: 1, Misfire.ALL: schedule.misfire_limit}[schedule.misfire]
    following = next_after(schedule.rule, late_until)
    if schedule.misfire is Misfire.ONCE and following is not None and following <= now:
        wanted = 0
    kept: list[datetime] = []
    end = late_until
    while (latest := latest_until(schedule.rule, end, after=due[0])) is not None and len(kept) < wanted:
        kept.insert(0, latest)
        end = latest - _MICROSECOND
    last_missed = latest or due[0]
    reason = f"{len(due)} or more occurrences since {due[0].isoformat()} were missed"
    summary = Decision(last_missed, Outcome.MISSED, reason, len(due))
    return Plan([summary, *_late(kept, schedule)], kept[-1] if kept else last_missed)


def _made_good(schedule: Schedule, late: list[datetime], *, in_time: bool) -> int:
    """How many of the late occurrences run after all: the last so many."""
    match schedule.misfire:
        case Misfire.SKIP:
            return 0
        case Misfire.ONCE:
            return 0 if in_time else min(1, len(late))
        case Misfire.ALL:
            return min(schedule.misfire_limit, len(late))


def _missed(missed: list[datetime], schedule: Schedule) -> list[Decision]:
    shown = missed[-MISSED_SHOWN:]
    summed_up = missed[: len(missed) - len(shown)]
    why = f"no scheduler ran when it was due; misfire={schedule.misfire.value}"
    if schedule.misfire is Misfire.ALL:
        why += f" makes the last {schedule.misfire_limit} good"
    first = [Decision(summed_up[-1], Outcome.MISSED, why, len(summed_up))] if summed_up else []
    return first + [Decision(at, Outcome.MISSED, why) for at in shown]


def _late(late: list[datetime], schedule: Schedule) -> list[Decision]:
    return [Decision(at, Outcome.FIRING, f"late; misfire={schedule.misfire.value}") for at in late]


def settle_overlap(schedule: Schedule, decisions: list[Decision], *, busy: bool, held: int) -> list[Decision]:
    """Change what cannot fire because an earlier job, or an earlier one of ``decisions``, has not ended."""
    settled: list[Decision] = []
    last_firing: int | None = None
    for decision in decisions:
        if decision.outcome is not Outcome.FIRING or schedule.overlap is Overlap.ALLOW:
            settled.append(decision)
            continue
        if schedule.overlap is Overlap.REPLACE:
            if last_firing is not None:
                gone = settled[last_firing]
                settled[last_firing] = gone._replace(outcome=Outcome.SKIPPED, reason="replaced before it was enqueued")
            last_firing = len(settled)
        elif busy or held:
            decision = _behind(schedule, decision, held)
            held += decision.outcome is Outcome.HELD
        busy = True
        settled.append(decision)
    return settled


def _behind(schedule: Schedule, decision: Decision, held: int) -> Decision:
    if schedule.overlap is Overlap.SKIP:
        return decision._replace(outcome=Outcome.SKIPPED, reason="the job of an earlier occurrence has not ended")
    if held >= HELD_MAX:
        return decision._replace(outcome=Outcome.SKIPPED, reason=f"{HELD_MAX} occurrences wait for an earlier job")
    return decision._replace(outcome=Outcome.HELD, reason="waits for the job of an earlier occurrence to end")
