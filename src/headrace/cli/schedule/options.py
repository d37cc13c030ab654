"""What ``schedule create`` and ``schedule edit`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from headrace.cli.durations import Duration
from headrace.cli.faults import usage
from headrace.cli.session import session

F = TypeVar("F", bound=Callable[..., Any])

_SETTINGS = (
    click.option("--timezone", metavar="ZONE", help="Whose clock a cron expression means: Europe/Paris. [UTC]"),
    click.option("--gap", type=click.Choice(["shift", "skip"]), help="A local time that does not exist. [shift]"),
    click.option(
        "--fold", type=click.Choice(["first", "second", "both"]), help="A local time that comes twice. [first]"
    ),
    click.option(
        "--overlap",
        type=click.Choice(["skip", "queue", "replace", "allow"]),
        help="While an earlier job has not ended. [skip]",
    ),
    click.option("--misfire", type=click.Choice(["skip", "once", "all"]), help="Missed occurrences. [once]"),
    click.option("--misfire-after", type=Duration(), metavar="TIME", help="How late counts as missed. [1m]"),
    click.option("--misfire-limit", type=click.IntRange(1), metavar="N", help="Of --misfire all, the last N. [100]"),
    click.option("--jitter", type=Duration(), metavar="TIME", help="Run each job up to this much later. [none]"),
)


def schedule_settings(function: F) -> F:
    """The options of a schedule. The command receives them by name, None where not given; see ``given``."""
    for option in reversed(_SETTINGS):
        function = option(function)
    return function


def given(settings: dict[str, Any]) -> Any:
    """The settings that were given.

    Raises a fault where ``--tz`` was typed without ``--timezone``: it would do nothing, and nobody would notice.
    """
    typed = session().zone_typed
    if typed not in (None, "UTC") and settings.get("timezone") is None:
        raise usage(
            "--tz only says how times are shown; by whose clock the schedule goes is --timezone",
            word=typed,
            fixes=[f"--timezone {typed}"],
        )
    return {name: value for name, value in settings.items() if value is not None}


def parse_when(text: str) -> str | timedelta | datetime:
    """An instant where it is written as one; anything else is read by the schedule.

    >>> parse_when("2027-01-31T09:00:00Z").isoformat(), parse_when("every hour")
    ('2027-01-31T09:00:00+00:00', 'every hour')
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return text
