"""What the types of a task say to those who do not have its code: JSON Schemas, and what must not be shown."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from headrace.model.redaction import Secret

_DEPTH_MAX = 8
"""Types may contain themselves; secrets are marked nearer to the top than this."""


def json_schema(kind: Any) -> Mapping[str, Any]:
    """The JSON Schema of a type; ``{}``, which allows anything, where it has none."""
    try:
        return msgspec.json.schema(kind, schema_hook=_foreign)
    except (TypeError, ValueError, NotImplementedError):
        return {}


def _foreign(kind: Any) -> dict[str, Any]:
    """Types that msgspec does not know. Pydantic's models are known by their shape, and nothing is imported."""
    describe = getattr(kind, "model_json_schema", None)
    return dict(describe()) if describe is not None else {}


def secret_paths(hint: Any, path: str, depth: int = 0) -> Iterator[str]:
    """The paths below ``path`` of what is marked with ``Secret`` in a type.

    >>> from typing import Annotated
    >>> list(secret_paths(dict[str, list[Annotated[str, Secret]]], "keys"))
    ['keys.*']
    """
    if depth > _DEPTH_MAX:
        return
    if hasattr(hint, "__metadata__"):
        if any(mark is Secret or isinstance(mark, Secret) for mark in hint.__metadata__):
            yield path
            return
        hint = typing.get_args(hint)[0]
    origin = typing.get_origin(hint)
    if origin is not None:
        inner = typing.get_args(hint)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            path, inner = f"{path}.*", inner[1:]
        elif origin is not typing.Union and origin is not types.UnionType and not isinstance(origin, type):
            return
        for each in inner:
            yield from secret_paths(each, path, depth + 1)
    elif isinstance(hint, type) and _has_fields(hint):
        for name, field in _fields(hint).items():
            yield from secret_paths(field, f"{path}.{name}", depth + 1)


def _has_fields(kind: type) -> bool:
    return (
        dataclasses.is_dataclass(kind)
        or issubclass(kind, msgspec.Struct)
        or typing.is_typeddict(kind)
        or hasattr(kind, "_fields")
        or hasattr(kind, "model_fields")
    )


def _fields(kind: type) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}
    if issubclass(kind, msgspec.Struct):
        stored = {each.name: each.encode_name for each in msgspec.structs.fields(kind)}
        return {stored[name]: hint for name, hint in hints.items() if name in stored}
    return hints
