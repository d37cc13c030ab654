"""One call of the system for each response, where uvicorn makes one for its head and one for its body."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HELD_MAX = 64 << 10
"""Bytes that are held back within a turn of the loop; beyond, the transport says whether the other side keeps up."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, on a transport that joins what is written within a turn of the loop."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a connection."""
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport, self.loop)))


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
