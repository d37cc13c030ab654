"""How the server's own process reads and writes: one call of the system for each response, where uvicorn makes one for
its head and one for its body; and a way past ASGI for what happens thousands of times a second.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headrace.server.pipe import PIPE


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, on a transport that joins the head of a response and its body.

    Its requests have an extension: the way past ASGI, :class:`Pipe`.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a connection."""
        joining = JoiningTransport(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", joining))
        self._extensions: dict[str, Any] = {PIPE: Pipe(self, joining, self.flow)}

    def on_message_begin(self) -> None:
        """Begin with a request."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = self._extensions


class JoiningTransport:
    """Holds back what is written until the next write, or until the turn of the loop ends, and then writes it at once.

    A write costs some ten microseconds, and an answer of a hundred bytes as much as one of a thousand. Nothing waits
    longer than a turn, whatever follows; ``close`` writes what is held before. Everything else is the transport's.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        """Write it with what is held, or hold it where there is nothing."""
        if self._held:
            self.write_now(data)
        else:
            self._held = data
            self._loop.call_soon(self._flush)

    def write_now(self, data: bytes) -> None:
        """Write it at once, behind what is held."""
        held, self._held = self._held, b""
        if not self._transport.is_closing():
            self._transport.write(held + data if held else data)

    def close(self) -> None:
        """Write what is held, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            self.write_now(b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Pipe:
    """A :class:`~headrace.server.pipe.Pipe` to one connection."""

    __slots__ = ("_flow", "_protocol", "_transport")

    def __init__(self, protocol: HttpToolsProtocol, transport: JoiningTransport, flow: FlowControl) -> None:
        self._protocol = protocol
        self._transport = transport
        self._flow = flow

    def body(self, scope: Scope) -> bytes | None:
        """The body of the request, where all of it is here; it may be another one's turn by now."""
        cycle = self._protocol.cycle
        return None if cycle.more_body or cycle.scope is not scope else bytes(cycle.body)

    @property
    def open(self) -> bool:
        """Whether the other side keeps up, and is there."""
        return not self._flow.write_paused and not self._transport.is_closing()

    def write(self, chunk: bytes) -> None:
        """Write a chunk with its length."""
        self._transport.write_now(chunk)
