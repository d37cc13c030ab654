"""Reading requests: how much, how long, how deep; and making one value of path, query, headers and body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

from headrace.errors import ConfigError
from headrace.server.operation import JSON, Operation
from headrace.server.pipe import pipe_of
from headrace.server.problems import Refused, misfit

NESTING_MAX = 100
"""Arrays and objects within one another. Python's own limit would come a few hundred later, at another place each time:
what could be stored must be readable by every worker."""

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(each for each in range(256) if each not in b"[]{}")


class Disconnected(Exception):
    """The caller went away before its request was whole."""


async def read_body(
    scope: Scope, receive: Receive, headers: Mapping[str, str], *, limit: int, timeout: timedelta
) -> bytes:
    """The body. Raises Refused for one that is too large, as soon as that is known, or too slow; and Disconnected."""
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise _too_large(limit)
    pipe = pipe_of(scope)
    # What is here already needs no clock, which costs as much as to read the request.
    if pipe is not None and (here := pipe.body(scope)) is not None and len(here) <= limit:
        return here
    message = await _receive(receive, timeout)
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > limit:
            raise _too_large(limit)
        return body
    return await _read_rest(receive, body, limit, timeout)


async def _read_rest(receive: Receive, first: bytes, limit: int, timeout: timedelta) -> bytes:
    parts, size = [first], len(first)
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise _too_slow(timeout) from None


async def _receive(receive: Receive, timeout: timedelta) -> Any:
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            message = await receive()
    except TimeoutError:
        raise _too_slow(timeout) from None
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


def read_request(
    operation: Operation, path: Mapping[str, str], query: bytes, headers: Mapping[str, str], body: bytes
) -> Any:
    """The request value. Raises Refused that names the field."""
    if body:
        _check_encoding(headers)
    if operation.in_body and body and not operation.in_path:
        found = _at_once(operation, headers, body)
        if found is not None:
            return found
    fields: dict[str, Any] = dict(path)
    if operation.in_body:
        fields = {**_object_of(body, headers, taken=operation.in_path), **fields}
    else:
        fields = {**_query_of(query, operation), **fields}
    for field, header in operation.headers.items():
        if (value := headers.get(header.lower())) is not None:
            if field in fields and fields[field] != value:
                raise Refused(
                    422, "HR-E0282", f"the header {header} and the field {field} say different things", field=field
                )
            fields[field] = value
    try:
        return msgspec.convert(fields, operation.request, strict=operation.in_body)
    except msgspec.ValidationError as error:
        raise misfit(error, fields) from None
    except ConfigError as error:
        raise Refused(422, "HR-E0281", str(error)) from None
    except OverflowError as error:
        raise Refused(422, "HR-E0281", f"a value is out of range: {error}") from None


def _at_once(operation: Operation, headers: Mapping[str, str], body: bytes) -> Any:
    """The request that is whole in its body, as most are; None where there is more to it, or to be said about it."""
    if too_deep(body) or not _is_json(_kind_of(headers)) or not _headers_of(operation).isdisjoint(headers):
        return None
    try:
        return _decoder(operation).decode(body)
    except (ValueError, RecursionError, OverflowError, ConfigError):  # the long way finds the words for it
        return None


@cache
def _headers_of(operation: Operation) -> frozenset[str]:
    """Those that hold a field, in lower case."""
    return frozenset(header.lower() for header in operation.headers.values())


@cache
def _decoder(operation: Operation) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(operation.request)


def _check_encoding(headers: Mapping[str, str]) -> None:
    """Raise Refused for a body that is compressed: a few bytes could be gigabytes."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refused(
            415,
            "HR-E0283",
            f"the body is encoded as {encoding}, and this takes it as it is",
            field="Content-Encoding",
            value=encoding,
            fix="leave the header Content-Encoding out, and do not compress the body",
            headers={"accept-encoding": "identity"},
        )


def _kind_of(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", JSON).partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == JSON or kind.endswith("+json")


def _object_of(body: bytes, headers: Mapping[str, str], *, taken: tuple[str, ...]) -> dict[str, Any]:
    if not body.strip():
        return {}
    kind = _kind_of(headers)
    if not _is_json(kind):
        raise Refused(
            415,
            "HR-E0283",
            f"the body is {kind}, and this takes JSON",
            field="Content-Type",
            value=kind,
            fix="send the header: Content-Type: application/json",
        )
    found = decode_json(body)
    if not isinstance(found, dict):
        raise Refused(422, "HR-E0281", "the body is a JSON object", value=found)
    for name in taken:
        if name in found:
            raise Refused(422, "HR-E0281", f"{name} stands in the path, and not in the body", field=name)
    return found


def decode_json(body: bytes) -> Any:
    """The JSON value. Raises Refused with 400 for what is none, with the place, and for what is nested too deep."""
    if too_deep(body):
        raise Refused(
            400,
            "HR-E0284",
            f"the body is nested deeper than {NESTING_MAX} arrays and objects",
            fix="keep such data elsewhere and send its name",
        )
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        detail = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise Refused(400, "HR-E0280", f"the body is no JSON: {detail}") from None


def too_deep(body: bytes) -> bool:
    """Whether arrays and objects are nested beyond NESTING_MAX; brackets in strings may count too, and few do.

    Each step takes away the innermost pairs of all that are left, so it costs a few passes at the speed of C.

    >>> too_deep(b"[" * 100 + b"]" * 100), too_deep(b"[" * 101 + b"]" * 101)
    (False, True)
    """
    if body.count(b"[") + body.count(b"{") <= NESTING_MAX:
        return False
    left = without_strings(body).translate(_BRACKETS, _NO_BRACKETS)
    left = left.translate(_BRACKETS)
    for _ in range(NESTING_MAX):
        if b"[]" not in left:
            break
        left = left.replace(b"[]", b"")
    return b"[" in left


def without_strings(body: bytes) -> bytes:
    """The document without what stands in quotes."""
    parts = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    return b"".join(parts[::2])


def _query_of(query: bytes, operation: Operation) -> dict[str, Any]:
    try:
        text = query.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=100)
    except ValueError:  # UnicodeDecodeError is one
        raise Refused(400, "HR-E0280", "the query of the address cannot be read", field="query") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise Refused(422, "HR-E0281", f"{name} is given twice in the query of the address", field=name)
        if name in operation.in_path:
            raise Refused(422, "HR-E0281", f"{name} stands in the path", field=name)
        fields[name] = value
    return fields


def _too_large(limit: int) -> Refused:
    return Refused(
        413,
        "HR-E0217",
        f"the body is larger than {limit} bytes",
        fix="keep large data elsewhere and send its name; or raise the setting server.body_max",
        headers={"connection": "close"},
    )


def _too_slow(timeout: timedelta) -> Refused:
    return Refused(
        408,
        "HR-E0285",
        f"the body did not arrive within {timeout.total_seconds():g} s",
        retryable=True,
        headers={"connection": "close"},
    )
