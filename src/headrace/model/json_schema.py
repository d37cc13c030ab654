"""Checking plain data against a JSON Schema: the keywords that msgspec and pydantic write, and no others.

For arguments of tasks whose code is elsewhere. What a keyword here does not know is let through: the worker checks
everything again, by its types. So this is a help for callers, and not the fence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_DEPTH_MAX = 100
"""Schemas may contain themselves."""

_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
}

_BOUNDS: tuple[tuple[str, type, Callable[[Any, Any], bool], str], ...] = (
    ("minimum", float, lambda value, bound: value >= bound, "at least"),
    ("maximum", float, lambda value, bound: value <= bound, "at most"),
    ("exclusiveMinimum", float, lambda value, bound: value > bound, "more than"),
    ("exclusiveMaximum", float, lambda value, bound: value < bound, "less than"),
    ("minLength", str, lambda value, bound: len(value) >= bound, "characters, at least"),
    ("maxLength", str, lambda value, bound: len(value) <= bound, "characters, at most"),
    ("minItems", list, lambda value, bound: len(value) >= bound, "items, at least"),
    ("maxItems", list, lambda value, bound: len(value) <= bound, "items, at most"),
)


def misfit(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Where and how the value does not fit the schema, for people; None where it fits.

    >>> schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    >>> misfit({"name": "Ada"}, schema) is None
    True
    >>> misfit({"name": 5}, schema)
    'name is string; got 5'
    >>> misfit({}, schema)
    "'name' is missing"
    """
    return _Check(schema).look(value, schema, "", 0)


def property_names(schema: Mapping[str, Any]) -> list[str]:
    """The names of what an object of this schema has, in order.

    >>> property_names({"$ref": "#/$defs/Send", "$defs": {"Send": {"properties": {"to": {}, "subject": {}}}}})
    ['to', 'subject']
    """
    if "$ref" in schema:
        found = _find(schema, schema["$ref"])
        return property_names({**found, "$defs": schema.get("$defs", {})}) if found else []
    return list(schema.get("properties", {}))


class _Check:
    """One look at one value: the schema's own definitions are found from here."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def look(self, value: Any, schema: Any, path: str, depth: int) -> str | None:
        if not isinstance(schema, Mapping) or depth > _DEPTH_MAX:
            return None
        if "$ref" in schema:
            return self.look(value, _find(self._root, schema["$ref"]), path, depth + 1)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._any_of(value, schema[keyword], path, depth)
        for part in schema.get("allOf", ()):
            if found := self.look(value, part, path, depth + 1):
                return found
        return _look_alone(value, schema, path) or self._look_inside(value, schema, path, depth)

    def _look_inside(self, value: Any, schema: Mapping[str, Any], path: str, depth: int) -> str | None:
        if isinstance(value, Mapping):
            return self._look_at_object(value, schema, path, depth)
        if isinstance(value, list):
            return self._look_at_array(value, schema, path, depth)
        return None

    def _look_at_object(self, value: Mapping[str, Any], schema: Mapping[str, Any], path: str, depth: int) -> str | None:
        for name in schema.get("required", ()):
            if name not in value:
                return f"{_join(path, name)!r} is missing"
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for name, inner in value.items():
            if name in properties:
                found = self.look(inner, properties[name], _join(path, name), depth + 1)
            elif others is False:
                known = f"; there are: {', '.join(properties)}" if properties else ""
                return f"there is no {_join(path, name)!r}{known}"
            else:
                found = self.look(inner, others, _join(path, name), depth + 1)
            if found:
                return found
        return None

    def _look_at_array(self, value: list[Any], schema: Mapping[str, Any], path: str, depth: int) -> str | None:
        first = schema.get("prefixItems", ())
        rest = schema.get("items")
        if rest is False and len(value) > len(first):
            return f"{path} has {len(first)} items; got {len(value)}"
        for index, inner in enumerate(value):
            kind = first[index] if index < len(first) else rest
            if found := self.look(inner, kind, f"{path}[{index}]", depth + 1):
                return found
        return None

    def _any_of(self, value: Any, choices: list[Any], path: str, depth: int) -> str | None:
        found = [self.look(value, choice, path, depth + 1) for choice in choices]
        if not all(found):
            return None
        return found[0] if len(found) == 1 else f"{path or 'the value'} fits none of its types; got {_show(value)}"


def _find(root: Mapping[str, Any], reference: str) -> Any:
    place: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place


def _look_alone(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    """What needs no look inside."""
    place = path or "the value"
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_TYPES.get(kind, lambda _: True)(value) for kind in kinds):
        return f"{place} is {' or '.join(kinds)}; got {_show(value)}"
    if "const" in schema and value != schema["const"]:
        return f"{place} is {schema['const']!r}; got {_show(value)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} is one of {', '.join(map(str, schema['enum']))}; got {_show(value)}"
    for keyword, kind, fits, words in _BOUNDS:
        applies = _TYPES["number"](value) if kind is float else isinstance(value, kind)
        if keyword in schema and applies and not fits(value, schema[keyword]):
            return f"{place} is {words} {schema[keyword]}; got {_show(value)}"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and isinstance(value, str) and not re.search(pattern, value):
        return f"{place} has the form {pattern}; got {_show(value)}"
    return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
