"""The page of the operations over HTTP."""

from __future__ import annotations

import inspect
import types
import typing
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec

from generator.markdown import NOTE, cell
from generator.signatures import shown_value
from headrace.server.operation import Operation
from headrace.server.operations import all_operations


def page() -> str:
    """The operations by noun, each with what it takes and answers; the schemas are in the document."""
    operations = all_operations()
    parts = [
        "# HTTP interface\n",
        NOTE,
        "The calls of `headrace server`, by noun. How to use them is told at [HTTP](../how-to/http.md). The same is in",
        "[openapi.json](openapi.json), an OpenAPI 3.1 document, which a server has at `/openapi.json`, and to try at",
        "`/docs`.\n",
        "| call | | scope | name |",
        "|---|---|---|---|",
        *(
            f"| [`{each.method} {each.path}`](#{_anchor(each)}) | {cell(each.summary)} | `{each.scope}` "
            f"| `{each.name}` |"
            for each in operations
        ),
        "",
    ]
    for each in operations:
        statuses = [f"- {status}: {text}" for status, text in each.statuses.items()]
        parts += [
            f"## {each.name}\n",
            f"`{each.method} {each.path}`\n",
            f"{each.summary}. {each.description}".strip().replace("``", "`") + "\n",
        ]
        parts += [*_request(each), *statuses, ""]
    return "\n".join(parts).rstrip() + "\n"


def _anchor(operation: Operation) -> str:
    return operation.name.replace(".", "").lower()


def _request(operation: Operation) -> list[str]:
    hints = typing.get_type_hints(operation.request)
    rows = []
    for field in msgspec.structs.fields(operation.request):
        place = "path" if field.name in operation.in_path else "body" if operation.in_body else "query"
        header = f", or header `{operation.headers[field.name]}`" if field.name in operation.headers else ""
        default = "" if field.required or not _is_plain(field.default) else f"`{shown_value(field.default)}`"
        rows.append(f"| `{field.name}` | {place}{header} | {_kind(hints[field.name])} | {default} |")
    if not rows:
        return []
    return ["| field | in | type | default |", "|---|---|---|---|", *rows, ""]


def _is_plain(default: Any) -> bool:
    return isinstance(default, str | int | float | bool)


def _kind(hint: Any) -> str:
    """A type for people: what JSON calls it."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _kind(inside[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(each) for each in inside if each is not msgspec.UnsetType))
    if origin is Literal or (inspect.isclass(hint) and issubclass(hint, Enum)):
        words = inside if origin is Literal else [each.value for each in hint]
        return " or ".join(f"`{word}`" for word in words)
    if origin in (list, tuple):
        return f"array of {_kind(inside[0])}"
    names: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "true or false", datetime: "instant"}
    return names.get(hint, "null" if hint is type(None) else "object")
