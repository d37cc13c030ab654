"""``headrace store stats``."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace._version import __version__
from headrace.cli.faults import Exit, Fault
from headrace.cli.output import output_options, print_json
from headrace.cli.query import STATES
from headrace.cli.sizes import format_bytes
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

WINDOW = timedelta(minutes=1)
_EVENTS = ("enqueued", "claimed", "succeeded", "failed", "lost", "dead")


@click.command("stats")
@store_option
@output_options("table", "json")
def command(store: str | None, output: str) -> None:
    """The store's size, its jobs by state, jobs a second over the last minute, and versions.

    \b
    Examples:
      headrace store stats
      headrace store stats --json
    """
    stats = with_store(resolve_store(store), read_stats)
    if output == "json":
        print_json({"schema": "headrace.store.stats/1", **stats})
        return
    click.echo(f"Store        {stats['url']}")
    for name, fact in stats["facts"].items():
        click.echo(f"{name:<13}{format_bytes(fact) if name.endswith('bytes') else fact}")
    counts = {state: count for state, count in stats["counts"].items() if count}
    click.echo(f"Jobs         {', '.join(f'{count:,} {state}' for state, count in counts.items()) or 'none'}")
    rates = {event: rate for event, rate in stats["per_s"].items() if rate}
    click.echo(
        f"Per second   {', '.join(f'{event} {rate:g}' for event, rate in rates.items()) or 'nothing'} (last minute)"
    )
    click.echo(f"Queues       {stats['queues']}, {stats['paused']} paused")
    click.echo(f"Workers      {stats['workers']}")
    click.echo(f"Versions     headrace {stats['headrace']}, Python {stats['python']}")


async def read_stats(app: Headrace) -> dict[str, Any]:
    """The figures, from counters. Raises a fault when the store does not answer."""
    health = await app.backend.health()
    if not health.ok:
        raise Fault(Exit.UNREACHABLE, "01", "; ".join(health.problems), fixes=["headrace doctor"])
    counts = dict.fromkeys(STATES, 0)
    for count in await app.counts():
        counts[count.state.value] += count.count
    rates = await app.backend.reader.rates(window=WINDOW)
    queues = await app.queues()
    return {
        "url": app.backend.url,
        "latency_ms": round(health.latency.total_seconds() * 1000, 2),
        "facts": {name: int(fact) if fact.isdecimal() else fact for name, fact in health.facts.items()},
        "counts": counts,
        "per_s": {event: round(sum(rate.per_second(event) for rate in rates), 2) for event in _EVENTS},
        "queues": len(queues),
        "paused": sum(queue.paused for queue in queues),
        "workers": len(await app.workers()),
        "headrace": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }
