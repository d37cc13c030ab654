"""``headrace profile list`` and ``headrace profile show``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from headrace.cli.output import ITEM, Column, Item, note, output_options, print_item, print_list
from headrace.cli.profile.places import profiles
from headrace.cli.secrets import masked, masked_setting


@click.command("list")
@output_options()
def list_(output: str) -> None:
    """The profiles, and which is in use.

    \b
    Examples:
      headrace profile list
    """
    known = profiles()
    now = known.in_use()
    items = [_view(name, table, in_use=name == now) for name, table in known.all().items()]
    columns = [
        Column("NAME", lambda item: item["name"]),
        Column("IN USE", lambda item: "yes" if item["in_use"] else "-"),
        Column("STORE", lambda item: item["store"] or "-"),
        Column("CARE", _care),
    ]
    print_list(output, "headrace.profile.list/1", items, columns, name="name")
    if not items and output == "table":
        note("no profile yet; make one with: headrace profile create NAME --store URL")


@click.command("show")
@click.argument("name", metavar="[PROFILE]", required=False)
@output_options(*ITEM)
def show(name: str | None, output: str) -> None:
    """What a profile says; without PROFILE the one in use.

    \b
    Examples:
      headrace profile show prod
    """
    from headrace.cli.faults import usage

    known = profiles()
    chosen = name or known.in_use()
    if chosen is None:
        raise usage("no profile is in use", code="61", fixes=["headrace profile list", "headrace profile use NAME"])
    known.check(chosen)
    item = {**_view(chosen, known.all()[chosen], in_use=chosen == known.in_use())}
    item["settings"] = dict(_flat(known.all()[chosen]))
    print_item(output, "headrace.profile.show/1", item, _lines, name="name")


def _view(name: str, table: Mapping[str, Any], *, in_use: bool) -> dict[str, Any]:
    store = table.get("store")
    return {
        "name": name,
        "in_use": in_use,
        "store": None if store is None else masked(str(store)),
        "protected": bool(table.get("protected", False)),
        "read_only": bool(table.get("read_only", False)),
    }


def _care(item: Item) -> str:
    return ", ".join(word for word in ("protected", "read_only") if item[word]).replace("_", "-") or "-"


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", masked_setting(name, value) if isinstance(value, str) else value


def _lines(item: Item) -> Iterable[str]:
    yield f"{item['name']}{'  (in use)' if item['in_use'] else ''}"
    yield from (f"  {name} = {value}" for name, value in item["settings"].items())
