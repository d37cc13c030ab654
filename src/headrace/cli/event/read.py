"""``headrace event list`` and ``tail``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.cli.durations import rfc3339
from headrace.cli.output import Column, Output, encode, note, output_options, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.event import EventPage, JobEvent

F = TypeVar("F", bound=Callable[..., Any])


def filter_options(command: F) -> F:
    """Options that say which events are wanted."""
    for option in (
        click.option("--kind", multiple=True, metavar="KIND", help="Such as dead, or job.dead. Repeatable."),
        click.option("--queue", multiple=True, metavar="QUEUE", help="Of jobs of this queue. Repeatable."),
        click.option("--task", multiple=True, metavar="TASK", help="Of jobs of this task. Repeatable."),
        click.option("--job", multiple=True, metavar="ID", help="Of this job. Repeatable."),
        click.option("--tag", multiple=True, metavar="TAG", help="Of jobs with this tag; of several: with all."),
    ):
        command = option(command)
    return command


@click.command("list")
@click.option("--after", type=click.IntRange(0), default=0, metavar="N", help="Those after this sequence. [0]")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, metavar="N", help="Events looked at. [100]")
@filter_options
@store_option
@output_options()
def list_events(after: int, limit: int, store: str | None, output: Output, **wanted: Any) -> None:
    """Events that are kept, the oldest first. Go on with --after and the last sequence.

    \b
    Examples:
      headrace event list
      headrace event list --kind dead --kind expired --json
    """
    from headrace.app.events import event_filter

    matches = event_filter(**wanted).matches

    async def ask(app: Headrace) -> EventPage:
        return await app.events.read(after=after, limit=limit)

    page = with_store(resolve_store(store), ask)
    if page.lost and after:
        note(f"the events after {after} are not kept any more; the journal holds {page.oldest} to {page.newest}")
    items = [event_view(event) for event in page.events if matches(event)]
    print_list(output, "headrace.event.list/1", items, _COLUMNS, more={"last": page.last})
    if not items and output == "table":
        note("no such event is kept; headrace event status tells whether the journal is on")


@click.command("tail")
@click.option("--after", type=click.IntRange(0), metavar="N", help="Begin after this sequence. [only what comes]")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many events. [never]")
@filter_options
@store_option
@output_options("table", "ndjson")
def tail(after: int | None, count: int | None, store: str | None, output: Output, **wanted: Any) -> None:
    """Print events as they happen, until Ctrl-C. The journal must be on: headrace event enable.

    \b
    Examples:
      headrace event tail --queue mail --kind dead
      headrace event tail -o ndjson
    """
    from contextlib import aclosing

    from headrace.errors import EventsLost

    async def follow(app: Headrace, begin: int | None, left: int | None) -> None:
        async with aclosing(app.events.watch(**wanted, after=begin)) as events:
            async for event in events:
                click.echo(encode(event_view(event)) if output == "ndjson" else _line(event))
                if left is not None and (left := left - 1) == 0:
                    return

    async def work(app: Headrace) -> None:
        try:
            await follow(app, after, count)
        except EventsLost as error:
            note(str(error))
            await follow(app, error.last, count)

    with_store(resolve_store(store), work)


def event_view(event: JobEvent) -> dict[str, Any]:
    """An event as data."""
    return {
        "sequence": event.sequence,
        "kind": event.kind.value,
        "at": event.at,
        "job_id": event.job_id,
        "task": event.task,
        "queue": event.queue,
        "state": event.state.value,
        "attempt": event.attempt,
        "tags": list(event.tags),
    }


def _line(event: JobEvent) -> str:
    tags = f"  {' '.join(event.tags)}" if event.tags else ""
    return (
        f"{event.sequence:>8}  {rfc3339(event.at)}  {event.kind.value:<13}  {event.job_id}  {event.task} "
        f"in {event.queue}, attempt {event.attempt}{tags}"
    )


_COLUMNS = [
    Column("SEQUENCE", lambda event: str(event["sequence"])),
    Column("AT", lambda event: rfc3339(event["at"])),
    Column("KIND", lambda event: event["kind"]),
    Column("JOB", lambda event: event["job_id"]),
    Column("TASK", lambda event: event["task"]),
    Column("QUEUE", lambda event: event["queue"]),
    Column("ATTEMPT", lambda event: str(event["attempt"])),
    Column("TAGS", lambda event: " ".join(event["tags"])),
]
