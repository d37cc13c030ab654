"""The document in the words of OpenAPI 3.0, for the Swagger UI that the package index has: it reads no 3.1."""

from __future__ import annotations

from typing import Any


def as_30(value: Any) -> Any:
    """The document, or a part of it, as 3.0 says the same.

    >>> as_30({"anyOf": [{"type": "string"}, {"type": "null"}]})
    {'nullable': True, 'type': 'string'}
    >>> as_30({"type": "number", "exclusiveMinimum": 0})
    {'type': 'number', 'minimum': 0, 'exclusiveMinimum': True}
    """
    if isinstance(value, list):
        return [as_30(each) for each in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, inner in value.items():
        match name:
            case "openapi":
                made[name] = "3.0.3"
            case "identifier" | "prefixItems" | "propertyNames" | "contentEncoding":
                continue
            case "const":
                made["enum"] = [inner]
            case "examples" if isinstance(inner, list):
                made["example"] = inner[0]
            case "exclusiveMinimum" | "exclusiveMaximum" if not isinstance(inner, dict):
                made[name.removeprefix("exclusive").lower()] = inner
                made[name] = True
            case "anyOf" if {"type": "null"} in inner:
                made |= _nullable([as_30(each) for each in inner if each != {"type": "null"}])
            case "type" if isinstance(inner, list):
                made["nullable"] = True
                made["type"] = next(each for each in inner if each != "null")
            case _:
                made[name] = as_30(inner)
    return made


def _nullable(choices: list[Any]) -> dict[str, Any]:
    if len(choices) == 1 and "$ref" not in choices[0]:
        return {"nullable": True, **choices[0]}
    return {"nullable": True, "anyOf": choices}
