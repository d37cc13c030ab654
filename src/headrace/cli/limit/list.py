"""``headrace limit list``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import ago
from headrace.cli.limit.views import usage_view
from headrace.cli.output import Column, Item, note, output_options, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("list")
@store_option
@output_options()
def command(store: str | None, output: str) -> None:
    """Every limit: what it allows, what is in use of it, how many jobs wait, and when the next token comes.

    \b
    Examples:
      headrace limit list
      headrace limit list --json
    """
    items = with_store(resolve_store(store), _read)
    print_list(output, "headrace.limit.list/1", items, _COLUMNS, name="target")
    if not items and output == "table":
        note("nothing is limited; headrace limit set queue:QUEUE --concurrency 20")


async def _read(app: Headrace) -> list[dict[str, Any]]:
    return [usage_view(usage) for usage in await app.limits()]


def _next_token(limit: Item) -> str:
    if limit["tokens"] is None:
        return "-"
    return "now" if limit["tokens"] else ago(limit["next_token"], datetime.now(UTC))


def _figure(name: str) -> Column:
    return Column(name.upper().replace("_", " "), lambda limit: "-" if limit[name] is None else str(limit[name]))


_COLUMNS = [
    Column("TARGET", lambda limit: limit["target"]),
    *(_figure(name) for name in ("concurrency", "in_use", "waiting", "rate", "tokens")),
    Column("NEXT TOKEN", _next_token),
]
