"""``headrace schedule get``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import ago, rfc3339
from headrace.cli.output import ITEM, Item, encode, output_options, print_item
from headrace.cli.schedule.views import occurrence_view, read_schedule
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.model.durations import format_duration

if TYPE_CHECKING:
    from headrace.app import Headrace

UPCOMING = 5


@click.command("get")
@click.argument("name", metavar="NAME")
@store_option
@output_options(*ITEM)
def command(name: str, store: str | None, output: str) -> None:
    """Everything about one schedule: its rule in words, its policies, its job, and the next five occurrences.

    \b
    Examples:
      headrace schedule get nightly
      headrace schedule get nightly --json
    """
    item = with_store(resolve_store(store), lambda app: _read(app, name))
    print_item(output, "headrace.schedule.get/1", item, _lines, name="name")


async def _read(app: Headrace, name: str) -> dict[str, Any]:
    schedule = await app.schedules.get(name)
    upcoming = [occurrence_view(schedule, planned) for planned in await app.schedules.next(name, UPCOMING)]
    return {**await read_schedule(app, name), "upcoming": upcoming}


def _lines(schedule: Item) -> Iterator[str]:
    rule, now = schedule["rule"], datetime.now(UTC)
    late = format_duration(timedelta(seconds=schedule["misfire_after_s"]))
    facts = {
        "Schedule": schedule["name"],
        "Status": schedule["status"] + (f": {schedule['pause_reason']}" if schedule["pause_reason"] else ""),
        "When": schedule["when"],
        "Cron": rule.get("expression"),
        "DST": f"gap={rule['gap']}, fold={rule['fold']}" if "gap" in rule else None,
        "Task": f"{schedule['task']}  {encode(schedule['args'])}",
        "Queue": schedule["queue"],
        "Overlap": schedule["overlap"],
        "Misfire": f"{schedule['misfire']}, when more than {late} late",
        "Jitter": schedule["jitter_s"] and format_duration(timedelta(seconds=schedule["jitter_s"])),
        "From": "code" if schedule["origin"] == "code" else "made at run time",
        "Created": rfc3339(schedule["created_at"]),
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name:<11}{fact}"
    for number, each in enumerate(schedule["upcoming"]):
        remark = f"  {each['remark']}" if each["remark"] else ""
        yield f"{'' if number else 'Next':<11}{each['local']}  ({ago(each['at'], now)}){remark}"
    latest = schedule["latest"]
    if latest is not None:
        yield f"{'Latest':<11}{rfc3339(latest['planned'])}  {latest['outcome']}  {latest['reason'] or ''}".rstrip()
