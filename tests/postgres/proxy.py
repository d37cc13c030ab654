"""A TCP proxy whose connections can be made to go silent, as behind a firewall that forgot them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 65_536


class Proxy:
    """Forwards a free loopback port, ``port``, to another one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._thawed: set[asyncio.Task[None]] = set()
        self._frozen: set[asyncio.Task[None]] = set()
        self._silent = False
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in (*self._thawed, *self._frozen):
            task.cancel()
        await asyncio.gather(*self._thawed, *self._frozen, return_exceptions=True)

    def freeze(self) -> None:
        """Forward nothing more on the connections there are. They stay open, and new ones work."""
        self._frozen |= self._thawed
        self._thawed = set()

    def silence(self) -> None:
        """Forward nothing more on any connection, new ones included: they open, and nobody answers."""
        self.freeze()
        self._silent = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink in ((reader, server_writer), (server_reader, writer)):
            task = asyncio.create_task(self._forward(source, sink))
            (self._frozen if self._silent else self._thawed).add(task)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        try:
            with suppress(OSError):
                while data := await source.read(CHUNK):
                    if task in self._frozen:
                        await asyncio.Event().wait()  # until the proxy ends
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.close()
