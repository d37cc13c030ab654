"""``headrace schedule backfill``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from headrace.cli.durations import Instant, rfc3339
from headrace.cli.output import Column, note, output_options, print_list
from headrace.cli.stores import resolve_store, store_option, with_store


@click.command("backfill")
@click.argument("name", metavar="NAME")
@click.option(
    "--since", "start", type=Instant(), required=True, metavar="TIME", help="From then on: 2h, or an instant."
)
@click.option("--until", "end", type=Instant(), metavar="TIME", help="Not included. [now]")
@click.option("--dry-run", is_flag=True, help="Only print which occurrences would run.")
@store_option
@output_options()
def command(name: str, start: datetime, end: datetime | None, dry_run: bool, store: str | None, output: str) -> None:
    """Run the occurrences of the past that have not run, by the ledger, and print their times.

    \b
    Examples:
      headrace schedule backfill nightly --since 2d --dry-run
      headrace schedule backfill nightly --since 2d
    """

    until = end or datetime.now(UTC)
    planned = with_store(resolve_store(store), lambda app: app.schedules.backfill(name, start, until, dry_run=dry_run))
    items = [{"planned": at} for at in planned]
    columns = [Column("PLANNED", lambda each: rfc3339(each["planned"]))]
    print_list(output, "headrace.schedule.backfill/1", items, columns, name="planned", more={"dry_run": dry_run})
    if output == "table":
        what = "would be enqueued; without --dry-run they are" if dry_run else "enqueued"
        note(f"{len(items)} {what}" if items else "nothing to do: every occurrence in that time has run")
