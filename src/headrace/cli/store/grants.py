"""``headrace store grants``."""

from __future__ import annotations

import click

from headrace.cli.store.migrator import migrator_of
from headrace.cli.stores import resolve_store, store_option
from headrace.storage.migrating import Use


@click.command("grants")
@click.argument("role")
@click.option("--enqueue", "only", flag_value=Use.ENQUEUE, help="Only what enqueuing needs: it reads no payload.")
@click.option("--reports", "only", flag_value=Use.REPORTS, help="Only what reading the views needs.")
@store_option
def command(role: str, only: Use | None, store: str | None) -> None:
    """Print the SQL that gives ROLE, a user of the database, what headrace needs, and no more.

    The owner of the schema runs it once. It prints and changes nothing.

    \b
    Examples:
      headrace store grants app --store postgresql://owner@db/shop
      headrace store grants shop --enqueue
      headrace store grants analyst --reports
    """
    click.echo(migrator_of(resolve_store(store)).grants(role, only=only), nl=False)
