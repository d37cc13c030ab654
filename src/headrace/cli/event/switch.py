"""``headrace event enable``, ``disable`` and ``status``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Duration
from headrace.cli.output import Output, output_options, print_item
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.storage.events import EventLogStatus


@click.command("enable")
@click.option("--keep", type=Duration(), metavar="TIME", help="How long an event is kept. [1h]")
@click.option("--keep-max", type=click.IntRange(1), metavar="N", help="How many are kept at most. [500000]")
@store_option
def enable(keep: timedelta | None, keep_max: int | None, store: str | None) -> None:
    """Have the store write job events from now on, whichever process changes jobs.

    Without options, a journal that is on stays as it is.

    \b
    Examples:
      headrace event enable
      headrace event enable --keep 6h
    """

    async def act(app: Headrace) -> EventLogStatus:
        await app.events.enable(keep=keep, keep_max=keep_max)
        return await app.events.status()

    click.echo("\n".join(_lines(_view(with_store(resolve_store(store), act)))))


@click.command("disable")
@store_option
def disable(store: str | None) -> None:
    """Have no more events written. Those that are there are kept until their time is over.

    \b
    Examples:
      headrace event disable
    """

    async def act(app: Headrace) -> None:
        await app.events.disable()

    with_store(resolve_store(store), act)
    click.echo("the journal is off")


@click.command("status")
@store_option
@output_options("table", "json")
def status(store: str | None, output: Output) -> None:
    """Whether the journal is on, how long it keeps events, and which it holds.

    \b
    Examples:
      headrace event status
    """

    async def ask(app: Headrace) -> EventLogStatus:
        return await app.events.status()

    print_item(output, "headrace.event.status/1", _view(with_store(resolve_store(store), ask)), _lines)


def _view(found: EventLogStatus) -> dict[str, Any]:
    retention = found.retention
    return {
        "on": retention is not None,
        "keep_s": None if retention is None else retention.keep.total_seconds(),
        "keep_max": None if retention is None else retention.keep_max,
        "oldest": found.oldest,
        "newest": found.newest,
    }


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    if view["on"]:
        keep = timedelta(seconds=view["keep_s"])
        yield f"the journal is on; it keeps events for {keep}, and {view['keep_max']:,} at most"
    else:
        yield "the journal is off; headrace event enable switches it on"
    yield f"events {view['oldest']} to {view['newest']} are kept" if view["oldest"] else "no event is kept"
