"""A request as a value: what to send, what the answer is read as, and whether it may be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Struct

R = TypeVar("R")

METHODS_IN_BODY = ("POST", "PUT", "PATCH")


class Request(Struct, Generic[R], frozen=True, kw_only=True):
    """One call of the service.

    safe: sending it twice does what sending it once does, so it may be sent again when its answer was lost.
    wait_s: how long the server may wait before it answers.
    """

    method: str
    path: str
    reply: Any
    body: bytes | None = None
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    safe: bool = False
    wait_s: float = 0.0

    def read(self, content: bytes) -> R:
        """The reply in an answer. Raises msgspec.MsgspecError for what is none."""
        found: R = msgspec.json.decode(content, type=self.reply)
        return found


def request(
    method: str,
    path: str,
    reply: type[R],
    message: Struct | None = None,
    *,
    safe: bool | None = None,
    headers: Mapping[str, str] | None = None,
    wait_s: float = 0.0,
    **in_path: str,
) -> Request[R]:
    """Make a request. The fields of ``message`` go into the body, or the query of a method that has none.

    Fields that are in the path, or UNSET, or None in a query, are left out. GET, PUT and PATCH are safe unless it is
    said otherwise.
    """
    fields = {} if message is None else _fields(message, in_path)
    has_body = method in METHODS_IN_BODY
    return Request(
        method=method,
        path=path.format(**{name: quote(value, safe="") for name, value in in_path.items()}),
        reply=reply,
        body=msgspec.json.encode(fields) if has_body else None,
        query={} if has_body else {name: _text(value) for name, value in fields.items() if value is not None},
        headers=headers or {},
        safe=method in ("GET", "PUT", "PATCH") if safe is None else safe,
        wait_s=wait_s,
    )


def _fields(message: Struct, in_path: Mapping[str, str]) -> dict[str, Any]:
    found = {name: getattr(message, name) for name in message.__struct_fields__ if name not in in_path}
    return {name: value for name, value in found.items() if value is not UNSET}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = msgspec.to_builtins(value)
    return plain if isinstance(plain, str) else str(plain)
