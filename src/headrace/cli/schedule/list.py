"""``headrace schedule list``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from headrace.cli.durations import ago
from headrace.cli.output import Column, Item, note, output_options, print_list
from headrace.cli.schedule.views import read_schedules
from headrace.cli.stores import resolve_store, store_option, with_store


@click.command("list")
@store_option
@output_options()
def command(store: str | None, output: str) -> None:
    """Every schedule: when it is due in words, what it runs, its next occurrence, and how it is.

    ORPHANED is a schedule that was declared in code and that no running worker declares any more: it does not fire.

    \b
    Examples:
      headrace schedule list
      headrace schedule list -o wide
    """
    items = with_store(resolve_store(store), read_schedules)
    print_list(output, "headrace.schedule.list/1", items, _COLUMNS, name="name")
    if not items and output == "table":
        note("no schedules yet; headrace schedule create makes one")


def _next(schedule: Item) -> str:
    if schedule["next"] is None or schedule["paused"]:
        return "-"
    when = ago(schedule["next"]["at"], datetime.now(UTC))
    return f"{when}: {schedule['next']['remark']}" if schedule["next"]["remark"] else when


def _latest(schedule: Item) -> str:
    latest = schedule["latest"]
    if latest is None:
        return "-"
    ended = f", {latest['job_state']}" if latest["job_state"] else ""
    return f"{latest['outcome']} {ago(latest['planned'], datetime.now(UTC))}{ended}"


def _status(schedule: Item) -> str:
    return f"paused: {schedule['pause_reason']}" if schedule["pause_reason"] else str(schedule["status"])


_COLUMNS = [
    Column("NAME", lambda schedule: schedule["name"]),
    Column("STATUS", _status),
    Column("WHEN", lambda schedule: schedule["when"]),
    Column("TASK", lambda schedule: schedule["task"]),
    Column("NEXT", _next),
    Column("LATEST", _latest),
    Column("OVERLAP", lambda schedule: schedule["overlap"], wide=True),
    Column("MISFIRE", lambda schedule: schedule["misfire"], wide=True),
    Column("FROM", lambda schedule: schedule["origin"], wide=True),
]
