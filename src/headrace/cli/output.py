"""How answers are written: a table for people, JSON for machines. Data goes to stdout, notes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

F = TypeVar("F", bound=Callable[..., Any])

Item = Mapping[str, Any]

FORMATS = ("table", "json", "ndjson", "name")
"""``name`` prints one id or name a line, for ``xargs`` and ``headrace job retry -``."""

_STATE_STYLES = {
    "succeeded": "green",
    "dead": "bold red",
    "running": "cyan",
    "queued": "yellow",
    "scheduled": "blue",
    "waiting": "blue",
    "cancelled": "dim",
    "expired": "dim",
}


class Column(NamedTuple):
    """A column of a table: its title and what it shows of an item."""

    title: str
    show: Callable[[Item], str]


def output_options(*formats: str) -> Callable[[F], F]:
    """The options ``-o`` and ``--json``; the command receives ``output``, one of ``formats``."""

    def add(function: F) -> F:
        shorthand = click.option("--json", "output", flag_value="json", help="The same as -o json.")
        choice = click.option(
            "-o",
            "--output",
            "output",
            type=click.Choice(formats),
            default="table",
            help="How to print the answer. [table]",
        )
        return choice(shorthand(function))

    return add


def print_list(
    output: str,
    schema: str,
    items: Sequence[Item],
    columns: Sequence[Column],
    *,
    name: str = "id",
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a list. In JSON it is ``{"schema", "items", ...more, "complete"}``, and never without ``items``."""
    if output == "json":
        cursor = (more or {}).get("next_cursor")
        print_json({"schema": schema, "items": items, **(more or {"next_cursor": None}), "complete": cursor is None})
    elif output == "ndjson":
        for item in items:
            click.echo(encode(item))
    elif output == "name":
        for item in items:
            click.echo(item[name])
    elif items:
        print_table([column.title for column in columns], [[column.show(item) for column in columns] for item in items])


def print_json(value: Any) -> None:
    """Write a value as indented JSON."""
    click.echo(msgspec.json.format(encode(value), indent=2))


def encode(value: Any) -> str:
    """A value as one line of JSON; instants are RFC 3339 in UTC, and what JSON cannot hold is its ``repr``."""
    return msgspec.json.encode(value, enc_hook=repr).decode()


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: with colour on a terminal, and the same columns, whole and without lines, into a pipe."""
    cleaned = [[_one_line(cell) for cell in row] for row in rows]
    if not (sys.stdout.isatty() and _print_rich(titles, cleaned)):
        widths = [max(len(cell) for cell in column) for column in zip(titles, *cleaned, strict=True)]
        for row in [titles, *cleaned]:
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_rich(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Print with Rich, which fits the columns to the terminal; False where it is not installed."""
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, no_wrap=title in ("ID", "STATE", "QUEUE"), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_STATE_STYLES.get(cell, "")) for cell in row))
    Console().print(table)
    return True


def _one_line(cell: str) -> str:
    """Text from a job must neither break the table nor steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)


def note(text: str) -> None:
    """Tell the person something that is not the answer."""
    click.echo(text, err=True)
