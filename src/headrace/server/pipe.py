"""The way past ASGI to a connection, which a server may offer as an extension of each request.

ASGI passes everything through coroutines and messages, in layers. Where something happens thousands of times a second
that is most of what it costs.
"""

from __future__ import annotations

from typing import Protocol, cast

from starlette.types import Scope

PIPE = "headrace.pipe"
"""The name of the extension. Where it is missing, as in servers of others, ``receive`` and ``send`` do."""


class Pipe(Protocol):
    """A connection of HTTP/1.1."""

    def body(self, scope: Scope) -> bytes | None:
        """The body of this request, if it has come whole, as nearly all have by the time they are looked at."""
        ...

    @property
    def open(self) -> bool:
        """Whether the other side keeps up: what is written now leaves soon."""
        ...

    def write(self, chunk: bytes) -> None:
        """Write a chunk of a response that goes on, with its length, at once and after everything that was sent."""
        ...


def pipe_of(scope: Scope) -> Pipe | None:
    """The way past ASGI, where there is one."""
    extensions = scope.get("extensions")
    return None if extensions is None else cast("Pipe | None", extensions.get(PIPE))
