"""Tables for people: with colour and fitted on a terminal, whole and without lines into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import click

from headrace.cli.session import wants_color

Item = Mapping[str, Any]

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
_CODES = {"green": "32", "bold red": "1;31", "cyan": "36", "yellow": "33", "blue": "34", "dim": "2"}


class Column(NamedTuple):
    """A column of a table: its title and what it shows of an item. A ``wide`` one is shown with ``-o wide`` only."""

    title: str
    show: Callable[[Item], str]
    wide: bool = False


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: with colour on a terminal, and the same columns, whole and without lines, into a pipe."""
    cleaned = [[_one_line(cell) for cell in row] for row in rows]
    color = wants_color(sys.stdout)
    if not (sys.stdout.isatty() and _print_rich(titles, cleaned, color=color)):
        _print_plain(titles, cleaned, color=color)


def _print_plain(titles: Sequence[str], rows: Sequence[Sequence[str]], *, color: bool) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(titles, *rows, strict=True)]
    for row in [titles, *rows]:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        padded[-1] = padded[-1].rstrip()
        if color:
            padded = [_painted(cell) for cell in padded]
        click.echo("  ".join(padded).rstrip(), color=color or None)


def _painted(cell: str) -> str:
    style = _STATE_STYLES.get(cell.rstrip())
    return cell if style is None else f"\x1b[{_CODES[style]}m{cell}\x1b[0m"


def _print_rich(titles: Sequence[str], rows: Sequence[Sequence[str]], *, color: bool) -> bool:
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
    Console(no_color=not color).print(table)
    return True


def _one_line(cell: str) -> str:
    """Text from a job must neither break the table nor steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in cell)
