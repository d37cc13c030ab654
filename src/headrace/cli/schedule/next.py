"""``headrace schedule next``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Instant, ago
from headrace.cli.output import Column, note, output_options, print_list
from headrace.cli.schedule.views import occurrence_view
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("next")
@click.argument("name", metavar="NAME")
@click.option("-n", "--count", type=click.IntRange(1, 1_000), default=5, help="How many. [5]")
@click.option(
    "--from",
    "start",
    type=Instant(ahead=True),
    metavar="TIME",
    help="Those from then on, also of the past: 2d for in two days, or an instant. [now]",
)
@store_option
@output_options()
def command(name: str, count: int, start: datetime | None, store: str | None, output: str) -> None:
    """The next occurrences, by the schedule's own clock, with remarks where that clock is changed.

    \b
    Examples:
      headrace schedule next nightly
      headrace schedule next nightly --from 2099-03-28T00:00:00+01:00 -n 20 --json
    """
    items = with_store(resolve_store(store), lambda app: _read(app, name, count, start))
    print_planned(output, items)
    if not items and output == "table":
        note(f"{name} has no occurrence ahead")


def print_planned(output: str, items: list[dict[str, Any]]) -> None:
    """Print views of occurrences that lie ahead."""
    print_list(output, "headrace.schedule.next/1", items, _COLUMNS, name="local")


async def _read(app: Headrace, name: str, count: int, start: datetime | None) -> list[dict[str, Any]]:
    schedule = await app.schedules.get(name)
    return [occurrence_view(schedule, planned) for planned in await app.schedules.next(name, count, start=start)]


_COLUMNS = [
    Column("LOCAL", lambda each: each["local"]),
    Column("IN", lambda each: ago(each["at"], datetime.now(UTC))),
    Column("REMARK", lambda each: each["remark"] or ""),
]
