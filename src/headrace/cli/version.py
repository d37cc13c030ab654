"""``headrace version``."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from typing import Any

import click

from headrace._version import __version__
from headrace.cli.output import ITEM, Item, output_options, print_item


@click.command("version")
@output_options(*ITEM)
def command(output: str) -> None:
    """The versions of headrace and of what it runs on, as a report of a fault should have them.

    \b
    Examples:
      headrace version
      headrace version --json
    """
    print_item(output, "headrace.version/1", read_versions(), _lines, name="headrace")


def read_versions() -> dict[str, Any]:
    """The versions as plain values."""
    import apsw

    return {
        "headrace": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "apsw": apsw.apsw_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "platform": platform.platform(),
    }


def _lines(item: Item) -> Iterable[str]:
    return (f"{name:<10}{version}" for name, version in item.items())
