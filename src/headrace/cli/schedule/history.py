"""``headrace schedule history``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import rfc3339
from headrace.cli.output import Column, Item, note, output_options, print_list
from headrace.cli.schedule.views import firing_view
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.model.durations import format_duration

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("history")
@click.argument("name", metavar="NAME")
@click.option("-n", "--limit", type=click.IntRange(1, 1_000), default=50, help="How many. [50]")
@store_option
@output_options()
def command(name: str, limit: int, store: str | None, output: str) -> None:
    """What became of the latest occurrences, the newest first: fired, held, skipped, missed or failed, and why.

    KEY says what became of one whose unique key another job held, which is then the JOB: it was dropped, has joined
    that job, or has replaced what it was to do.

    \b
    Examples:
      headrace schedule history nightly
      headrace schedule history nightly -n 200 -o csv
    """
    items = with_store(resolve_store(store), lambda app: _read(app, name, limit))
    print_list(output, "headrace.schedule.history/1", items, _COLUMNS, name="planned")
    if not items and output == "table":
        note(f"{name} has had no occurrence yet")


async def _read(app: Headrace, name: str, limit: int) -> list[dict[str, Any]]:
    return [firing_view(firing) for firing in await app.schedules.history(name, limit=limit)]


def _outcome(firing: Item) -> str:
    many = f" ({firing['count']} of them)" if firing["count"] > 1 else ""
    return f"{firing['outcome']}{many}" + ("" if firing["kind"] == "rule" else f", {firing['kind']}")


_COLUMNS = [
    Column("PLANNED", lambda firing: rfc3339(firing["planned"])),
    Column("OUTCOME", _outcome),
    Column(
        "DELAY",
        lambda firing: "-" if firing["delay_s"] is None else format_duration(timedelta(seconds=firing["delay_s"])),
    ),
    Column("JOB", lambda firing: firing["job_id"] or "-"),
    Column("KEY", lambda firing: firing["key_taken"] or "-"),
    Column("STATE", lambda firing: firing["job_state"] or "-"),
    Column("REASON", lambda firing: firing["reason"] or ""),
]
