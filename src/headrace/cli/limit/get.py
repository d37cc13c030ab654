"""``headrace limit get``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import rfc3339
from headrace.cli.faults import Exit, Fault
from headrace.cli.limit.views import usage_view
from headrace.cli.output import ITEM, Item, output_options, print_item
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("get")
@click.argument("target", metavar="TARGET")
@store_option
@output_options(*ITEM)
def command(target: str, store: str | None, output: str) -> None:
    """One limit, with up to ten jobs that hold it. For a key this is its own limit, or that of each key.

    \b
    Examples:
      headrace limit get queue:mail
      headrace limit get key:mail:tenant-7
    """
    item = with_store(resolve_store(store), lambda app: _read(app, target))
    print_item(output, "headrace.limit.get/1", item, _lines, name="target")


async def _read(app: Headrace, target: str) -> dict[str, Any]:
    usage = await app.limit_usage(target)
    if usage is None:
        fixes = ["headrace limit list", f"headrace limit set {target} --concurrency 10"]
        raise Fault(Exit.NOT_FOUND, "03", f"nothing limits {target}", fixes=fixes)
    return usage_view(usage)


def _lines(limit: Item) -> Iterator[str]:
    facts = {
        "Target": limit["target"],
        "Set for": None if limit["set_for"] == limit["target"] else limit["set_for"],
        "Concurrency": limit["concurrency"],
        "In use": limit["in_use"],
        "Waiting": limit["waiting"],
        "Rate": limit["rate"],
        "Tokens": limit["tokens"],
        "Next token": rfc3339(limit["next_token"]) if limit["tokens"] == 0 else None,
    }
    for name, value in facts.items():
        if value is not None:
            yield f"{name + ':':13}{value}"
    for holder in limit["holders"]:
        yield f"  held by {holder}"
