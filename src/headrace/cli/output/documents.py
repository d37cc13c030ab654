"""Answers for machines: JSON, JSON lines, YAML and CSV.

Instants are RFC 3339 in UTC. Integers beyond 2**53 are text, because JavaScript and jq would round them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import click
import msgspec

from headrace.cli.output.choice import check_fields, chosen

EXACT_MAX = 2**53
"""The largest whole number that every reader of JSON keeps exactly."""

Document = Mapping[str, Any]


def encode(value: Any) -> str:
    """A value as one line of JSON; instants are RFC 3339 in UTC, and what JSON cannot hold is its ``repr``."""
    return msgspec.json.encode(value, enc_hook=repr).decode()


def print_json(value: Any) -> None:
    """Write a value as indented JSON, or as YAML if that was asked for, with the fields that ``--json a,b`` picked.

    Of a document with ``items`` the fields of the items are picked.
    """
    output = chosen()
    shown = exact(value)
    if output.fields and isinstance(shown, dict):
        items = shown.get("items")
        if isinstance(items, list):
            shown = {**shown, "items": [pick(item, output.fields) for item in items]}
        else:
            shown = {**({"schema": shown["schema"]} if "schema" in shown else {}), **pick(shown, output.fields)}
    click.echo(_yaml(shown) if output.form == "yaml" else msgspec.json.format(encode(shown), indent=2))


def print_lines(items: Sequence[Document]) -> None:
    """Write JSON lines."""
    for item in items:
        click.echo(encode(exact(item)))


def print_csv(items: Sequence[Document]) -> None:
    """Write CSV with a header: one column for each field, and what is not plain as JSON within its cell."""
    if not items:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(items[0])
    writer.writerow(names)
    writer.writerows([_cell(item.get(name)) for name in names] for item in items)
    click.echo(text.getvalue(), nl=False)


def exact(value: Any) -> Any:
    """The value with plain containers, and with text for the integers that many readers would round.

    >>> exact({"big": 2**60, "small": [1, True]})
    {'big': '1152921504606846976', 'small': [1, True]}
    """
    if isinstance(value, Mapping):
        return {str(name): exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    if type(value) is int and abs(value) > EXACT_MAX:
        return str(value)
    return value


def pick(item: Document, fields: Sequence[str]) -> dict[str, Any]:
    """Some fields of an item; a dotted name reaches into it. Raises a fault that names the near fields.

    >>> pick({"id": 1, "error": {"type": "KeyError"}}, ["error.type"])
    {'error.type': 'KeyError'}
    """
    check_fields(tuple(fields), list(item))
    return {field: _reach(item, field) for field in fields}


def _reach(item: Any, field: str) -> Any:
    for part in field.split("."):
        item = item.get(part) if isinstance(item, Mapping) else None
    return item


def _cell(value: Any) -> str:
    if value is None:
        return ""
    plain = msgspec.to_builtins(exact(value), enc_hook=repr)
    return plain if isinstance(plain, str) else encode(plain)


def _yaml(value: Any) -> str:
    try:
        import yaml
    except ImportError:
        from headrace.errors import MissingExtra

        raise MissingExtra("PyYAML", "cli") from None
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    plain = msgspec.to_builtins(value, enc_hook=repr)
    text = yaml.dump(plain, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return str(text).rstrip("\n")
