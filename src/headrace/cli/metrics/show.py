"""``headrace metrics show``."""

from __future__ import annotations

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.stores import resolve_store, store_option


@click.command("show")
@store_option
def command(store: str | None) -> None:
    """Print what a store holds in the text format of Prometheus: depths, ages, paused queues, workers.

    For a collector that reads files, such as node_exporter's, write it there now and then.

    \b
    Examples:
      headrace metrics show
      headrace metrics show --store sqlite:///jobs.db
    """
    from headrace.app import Headrace
    from headrace.contrib.prometheus import render_store

    app = Headrace(resolve_store(store))
    # Opened here, so that what is wrong is told by its own error; a scrape would only say that the store is down.
    with app.sync:
        text = render_store(app)
    if "headrace_store_up 1.0" not in text:
        raise Fault(Exit.UNREACHABLE, "01", f"{app!r} does not answer", fixes=["headrace doctor"])
    click.echo(text, nl=False)
