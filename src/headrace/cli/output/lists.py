"""A list of things, or one thing, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from headrace.cli.output.choice import Output
from headrace.cli.output.documents import pick, print_csv, print_json, print_lines
from headrace.cli.output.tables import Column, Item, print_table


def print_list(
    output: str,
    schema: str,
    items: Sequence[Item],
    columns: Sequence[Column],
    *,
    name: str = "id",
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a list. In JSON it is ``{"schema", "items", ...more, "complete"}``, and never without ``items``.

    ``more`` are further facts about the list, such as ``next_cursor``; ``complete`` is true where there is none and
    ``more`` does not say. ``name`` is the field that ``-o name`` prints.
    """
    chosen = Output.of(output)
    if chosen == "json":
        extra = {"next_cursor": None, **(more or {})}
        print_json({"schema": schema, "items": items, "complete": extra["next_cursor"] is None, **extra})
    elif chosen == "ndjson":
        print_lines([pick(item, chosen.fields) for item in items] if chosen.fields else items)
    elif chosen == "csv":
        print_csv(items)
    elif chosen == "name":
        for item in items:
            click.echo(item[name])
    elif items:
        shown = [column for column in columns if chosen.form == "wide" or not column.wide]
        print_table([column.title for column in shown], [[column.show(item) for column in shown] for item in items])


def print_item(
    output: str, schema: str, item: Item, text: Callable[[Item], Iterable[str]], *, name: str = "id"
) -> None:
    """Write one thing: as data, as its name, or as the lines that ``text`` makes of it for people."""
    if output == "json":
        print_json({"schema": schema, **item})
    elif output == "name":
        click.echo(item[name])
    else:
        for line in text(item):
            click.echo(line)
