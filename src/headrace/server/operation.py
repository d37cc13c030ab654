"""An operation: one call of the interface, from a request value to a reply value, with all that is to be told of it.

The routes, the OpenAPI document, the scopes and the reference are made from the operations; nothing is said twice.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar, get_type_hints

from msgspec import Struct

from headrace.server.context import Context
from headrace.wire.scopes import Scope

Q = TypeVar("Q")
R = TypeVar("R")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
JSON = "application/json"
Handler = Callable[[Context, Any], Awaitable[Any]]


class Answer(Struct, frozen=True):
    """How a reply is told over HTTP, beside its value."""

    status: int = 200
    headers: Mapping[str, str] = {}


def plainly(reply: Any) -> Answer:
    """200, and nothing beside the value."""
    return Answer()


class Operation(Struct, frozen=True, kw_only=True, eq=False):
    """A call.

    name: ``jobs.submit``; the ``operationId`` of the document.
    path: with ``{name}`` where a field of the request stands. The other fields are in the body of POST, PUT and PATCH,
        and in the query of GET and DELETE, except those in ``headers``, by the name of their header.
    statuses: those of its answers when all goes well, each with what it means.
    media: the type of its answers. Other than JSON, the reply is a stream, whose method ``respond`` is an ASGI
        application.
    problems: the statuses that it may refuse with, beside those that any call may.
    waits: it may take long on purpose, and ends when its caller goes away.
    in_path, in_body: the fields that are in the path, and whether the others are in the body.
    """

    name: str
    method: Method
    path: str
    request: type[Any]
    reply: Any
    scope: Scope
    summary: str
    description: str
    handler: Handler
    statuses: Mapping[int, str]
    problems: tuple[int, ...]
    headers: Mapping[str, str]
    answer: Callable[[Any], Answer]
    media: str
    waits: bool
    in_path: tuple[str, ...]
    in_body: bool

    @property
    def group(self) -> str:
        """The noun: the first part of the name."""
        return self.name.partition(".")[0]


def operation(
    method: Method,
    path: str,
    *,
    scope: Scope,
    statuses: Mapping[int, str] | None = None,
    problems: tuple[int, ...] = (),
    headers: Mapping[str, str] | None = None,
    answer: Callable[[Any], Answer] = plainly,
    media: str = JSON,
    waits: bool = False,
    name: str | None = None,
) -> Callable[[Callable[[Context, Q], Awaitable[R]]], Operation]:
    """Make an operation of the handler below: its types and texts are those of the function.

    So is its name, ``MODULE.FUNCTION``, where ``name`` does not say otherwise.
    """

    def make(handler: Callable[[Context, Q], Awaitable[R]]) -> Operation:
        hints = get_type_hints(handler)
        names = list(inspect.signature(handler).parameters)
        summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n\n")
        return Operation(
            name=name or f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}",
            method=method,
            path=path,
            request=hints[names[1]],
            reply=hints["return"],
            scope=scope,
            summary=" ".join(summary.split()).rstrip("."),
            description=" ".join(description.split()),
            handler=handler,
            statuses=statuses or {200: "Done."},
            problems=problems,
            headers=headers or {},
            answer=answer,
            media=media,
            waits=waits,
            in_path=tuple(part[1:-1] for part in path.split("/") if part.startswith("{")),
            in_body=method in ("POST", "PUT", "PATCH"),
        )

    return make
