"""From what users write about a schedule to the schedule that is stored: each setting checked where it is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, TypedDict, TypeVar

from msgspec import structs

from headrace.errors import ConfigError
from headrace.model.cron import Fold, Gap
from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.rules import INTERVAL_MAX, CronRule, EveryRule, Rule, make_rule
from headrace.model.schedule import Misfire, Origin, Overlap, Schedule
from headrace.tasks.call import Call

NAME_LENGTH_MAX = 200
"""The name is a part of keys and of every list."""

MISFIRE_LIMIT_MAX = 1_000
"""One round of the scheduler; more than this at once is a backfill, which shows first what it will do."""

E = TypeVar("E", bound=StrEnum)


class ScheduleSettings(TypedDict, total=False):
    """What can be said about a schedule beside when it is due and what it runs.

    timezone: whose wall clock a cron expression means, such as ``"Europe/Paris"``. Default: UTC.
    gap: a local time that does not exist: ``"shift"`` runs at the first instant after the gap, ``"skip"`` not at all.
        Default: shift.
    fold: a local time that comes twice: the ``"first"``, the ``"second"`` or ``"both"``. Default: first.
    anchor: an instant from which an interval is counted. Default: 1970-01-01 UTC, so that it needs no memory.
    overlap: while the job of an earlier occurrence has not ended: ``"skip"`` this one, ``"queue"`` it until that has
        ended, ``"replace"`` cancels the earlier, ``"allow"`` both. Default: skip.
    misfire: occurrences that were missed: ``"skip"`` them, run ``"once"`` for all, or ``"all"``. Default: once.
    misfire_after: how late an occurrence is when it counts as missed. Default: a minute.
    misfire_limit: how many ``"all"`` makes good at most, the latest. Default: 100.
    jitter: each job runs later by up to this, by a part of it that is fixed for each occurrence. Default: none.
    """

    timezone: str
    gap: Gap
    fold: Fold
    anchor: datetime | None
    overlap: Literal["skip", "queue", "replace", "allow"]
    misfire: Literal["skip", "once", "all"]
    misfire_after: timedelta
    misfire_limit: int
    jitter: timedelta


_OF_RULES = ("timezone", "gap", "fold", "anchor")
_OTHERS = ("overlap", "misfire", "misfire_after", "misfire_limit", "jitter")

When = str | timedelta | datetime
"""A cron expression or simple English, an interval, or an aware datetime."""


def define_schedule(
    name: str, when: When, call: Call[Any], settings: Mapping[str, Any], *, origin: Origin, now: datetime
) -> Schedule:
    """A new schedule. Raises ConfigError that names the field, the value and what is accepted."""
    _refuse_unknown(settings)
    rule = make_rule(when, **{key: settings[key] for key in _OF_RULES if key in settings})
    if not isinstance(rule, CronRule | EveryRule) and rule.at <= now:
        message = f"when is in the past: {rule.at.isoformat()}. Enqueue the job itself to run it now"
        raise ConfigError(message)
    return Schedule(
        name=_check_name(name),
        rule=rule,
        job=_check_job(call),
        origin=origin,
        created_at=now,
        since=now,
        **_check_others(settings),
    )


def check_settings(when: When, settings: Mapping[str, Any]) -> None:
    """Raise ConfigError for a rule or a setting that cannot be, before there is a task to schedule."""
    _refuse_unknown(settings)
    make_rule(when, **{key: settings[key] for key in _OF_RULES if key in settings})
    _check_others(settings)


def change_schedule(
    schedule: Schedule, when: When | None, call: Call[Any] | None, settings: Mapping[str, Any], *, now: datetime
) -> Schedule:
    """The schedule with what is given changed. With another rule its occurrences count from ``now``."""
    _refuse_unknown(settings)
    changes: dict[str, Any] = _check_others(settings)
    rule = _changed_rule(schedule.rule, when, {key: settings[key] for key in _OF_RULES if key in settings})
    if rule != schedule.rule:
        changes |= {"rule": rule, "since": now}
    if call is not None:
        changes["job"] = _check_job(call)
    return structs.replace(schedule, **changes)


def _changed_rule(rule: Rule, when: When | None, settings: Mapping[str, Any]) -> Rule:
    """Time zone and policies stay where another expression alone is given, and the other way round."""
    if when is None and not settings:
        return rule
    kept: dict[str, Any] = {}
    same: When
    match rule:
        case CronRule():
            kept = {"timezone": rule.timezone, "gap": rule.gap, "fold": rule.fold}
            same = rule.expression
        case EveryRule():
            kept = {"anchor": rule.anchor}
            same = rule.every
        case _:
            same = rule.at
    return make_rule(same if when is None else when, **{**kept, **settings})


def _check_name(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        message = f"name of a schedule is 1 to {NAME_LENGTH_MAX} printable characters; got {name!r}"
        raise ConfigError(message)
    return name


def _check_job(call: Any) -> NewJob:
    if not isinstance(call, Call):
        message = f"a schedule runs a call, such as report.call('eu'); got {call!r}"
        raise ConfigError(message)
    job = call.new_job()
    named = {"job_id": job.id == call.new_job().id, "idempotency_key": job.idempotency_key}
    timed = {"run_at": job.run_at, "delay": job.delay, "expires_at": job.expires_at}
    for option, given in {**named, **timed}.items():
        if given:
            message = f"{option} cannot be given for a schedule: every occurrence is a job with its own; leave it out"
            raise ConfigError(message)
    return structs.replace(job, id=JobId(""))


def _check_others(settings: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {key: settings[key] for key in _OTHERS if key in settings}
    if "overlap" in checked:
        checked["overlap"] = _word(Overlap, "overlap", checked["overlap"])
    if "misfire" in checked:
        checked["misfire"] = _word(Misfire, "misfire", checked["misfire"])
    for key in ("misfire_after", "jitter"):
        value = checked.get(key, ZERO)
        if not isinstance(value, timedelta) or value < ZERO:
            message = f"{key} is a timedelta that is not negative, such as seconds(30); got {value!r}"
            raise ConfigError(message)
        if value > INTERVAL_MAX:  # beyond the calendar it would stop the scheduler, and so every other schedule
            message = f"{key} is at most {INTERVAL_MAX.days} days; got {value.days} days"
            raise ConfigError(message)
    limit = checked.get("misfire_limit", 1)
    if type(limit) is not int or not 1 <= limit <= MISFIRE_LIMIT_MAX:
        message = f"misfire_limit is a whole number from 1 to {MISFIRE_LIMIT_MAX}; got {limit!r}"
        raise ConfigError(message)
    return checked


def _word(kind: type[E], name: str, value: Any) -> E:
    try:
        return kind(value)
    except ValueError:
        message = f"{name} is one of {', '.join(kind)}; got {value!r}"
        raise ConfigError(message) from None


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    for key in settings:
        if key not in _OF_RULES and key not in _OTHERS:
            message = f"a schedule has no setting {key!r}; there are: {', '.join(sorted(_OF_RULES + _OTHERS))}"
            raise ConfigError(message)
