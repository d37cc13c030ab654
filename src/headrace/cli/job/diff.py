"""``headrace job diff``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import rfc3339
from headrace.cli.ids import resolve_id
from headrace.cli.job.get import read_whole_job
from headrace.cli.output import Column, Item, encode, note, output_options, print_list
from headrace.cli.redacting import reveal_option
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

LEFT_OUT = ("id", "attempts", "logs")
"""What differs between any two jobs, and is no value of the job itself."""

MISSING = object()


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@reveal_option
@store_option
@output_options()
def command(a: str, b: str, reveal: bool, store: str | None, output: str) -> None:
    """What differs between two jobs, field by field: why did this one fail, and that one not?

    Arguments, metadata, result and error are compared inside. What tasks redact is compared only with --reveal.

    \b
    Examples:
      headrace job diff @failed @last
      headrace job diff 019a0b0c-0d0e-7123-bfff-ffffffffffff @last -o json
    """

    async def ask(app: Headrace) -> tuple[dict[str, Any], dict[str, Any]]:
        first, second = await resolve_id(app, a), await resolve_id(app, b)
        return await read_whole_job(app, first, reveal=reveal), await read_whole_job(app, second, reveal=reveal)

    first, second = with_store(resolve_store(store), ask)
    items = [{"field": field, "a": one, "b": other} for field, one, other in differences(first, second)]
    print_list(output, "headrace.job.diff/1", items, _COLUMNS, name="field", more={"a": first["id"], "b": second["id"]})
    if not items and output == "table":
        note("they differ in their ids alone")


def differences(a: Mapping[str, Any], b: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The fields that differ, by their dotted paths, with both values; None for what one of them has not.

    >>> list(differences({"args": {"n": 1, "to": "ada"}}, {"args": {"n": 2, "to": "ada"}}))
    [('args.n', 1, 2)]
    """
    for name in [*a, *(name for name in b if name not in a)]:
        one, other = a.get(name, MISSING), b.get(name, MISSING)
        if one == other or (not path and name in LEFT_OUT):
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from differences(one, other, f"{path}{name}.")
        else:
            yield f"{path}{name}", None if one is MISSING else one, None if other is MISSING else other


def _shown(value: Any) -> str:
    text = rfc3339(value) if isinstance(value, datetime) else value if isinstance(value, str) else encode(value)
    return text.partition("\n")[0]


_COLUMNS = [
    Column("FIELD", lambda item: item["field"]),
    Column("A", lambda item: _side(item, "a")),
    Column("B", lambda item: _side(item, "b")),
]


def _side(item: Item, side: str) -> str:
    return "-" if item[side] is None else _shown(item[side])
