"""How the server's own process writes: one call of the system for each response, where uvicorn makes one for its head
and one for its body; and a way past ASGI for streams that many listen to.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headrace.server.listening import PIPE

HELD_MAX = 64 << 10
"""Bytes that are held back within a turn of the loop; beyond, the transport says whether the other side keeps up."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, on a transport that joins what is written within a turn of the loop.

    Its requests have an extension: the way past ASGI, :class:`Pipe`.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a connection."""
        joining = JoiningTransport(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", joining))
        self._extensions: dict[str, Any] = {PIPE: Pipe(joining, self.flow)}

    def on_message_begin(self) -> None:
        """Begin with a request."""
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = self._extensions


class JoiningTransport:
    """Holds back what is written until the turn of the loop ends, and then writes it at once.

    A write costs some ten microseconds, and an answer of a hundred bytes as much as one of a thousand. Nothing waits
    longer than a turn, whatever follows; ``close`` writes what is held before. Everything else is the transport's.
    """

    __slots__ = ("_held", "_loop", "_size", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write it with the end of this turn, or now where much is held."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > HELD_MAX:
            self._flush()

    def write_now(self, data: bytes) -> None:
        """Write it at once, behind what is held."""
        if self._held:
            self._held.append(data)
            self._flush()
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Write what is held, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Pipe:
    """A :class:`~headrace.server.listening.Pipe` to one connection."""

    __slots__ = ("_flow", "_transport")

    def __init__(self, transport: JoiningTransport, flow: FlowControl) -> None:
        self._transport = transport
        self._flow = flow

    @property
    def open(self) -> bool:
        """Whether the other side keeps up, and is there."""
        return not self._flow.write_paused and not self._transport.is_closing()

    def write(self, chunk: bytes) -> None:
        """Write a chunk with its length."""
        self._transport.write_now(chunk)
