"""``headrace key list`` and ``headrace key get``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import ago
from headrace.cli.key.views import key_view, lines
from headrace.cli.output import ITEM, Column, Item, Output, note, output_options, print_item, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("list")
@store_option
@output_options()
def list_keys(store: str | None, output: Output) -> None:
    """Every API key, the newest first; revoked ones for 30 days more.

    \b
    Examples:
      headrace key list
    """

    async def ask(app: Headrace) -> list[dict[str, Any]]:
        used = await app.keys.last_used()
        return [key_view(key, used.get(key.id)) for key in await app.keys.list()]

    items = with_store(resolve_store(store), ask)
    print_list(output, "headrace.key.list/1", items, _columns(datetime.now(UTC)))
    if not items and output == "table":
        note("there is no key; headrace key create NAME --scope submit makes one")


@click.command("get")
@click.argument("key", metavar="KEY")
@store_option
@output_options(*ITEM)
def get(key: str, store: str | None, output: Output) -> None:
    """One key, by its id, its name or its token.

    \b
    Examples:
      headrace key get shop
    """

    async def ask(app: Headrace) -> dict[str, Any]:
        found = await app.keys.get(key)
        return key_view(found, (await app.keys.last_used()).get(found.id))

    print_item(output, "headrace.key.get/1", with_store(resolve_store(store), ask), lines)


def _columns(now: datetime) -> list[Column]:
    def since(name: str) -> Column:
        return Column(name.removesuffix("_at").replace("_", " ").upper(), lambda key: ago(key[name], now))

    def words(key: Item) -> str:
        return " ".join(key["scopes"])

    return [
        Column("ID", lambda key: key["id"]),
        Column("NAME", lambda key: key["name"]),
        Column("SCOPES", words),
        Column("QUEUES", lambda key: "all" if key["queues"] is None else " ".join(key["queues"])),
        since("created_at"),
        since("last_used_at"),
        since("expires_at"),
        Column("STATE", lambda key: key["state"]),
    ]
