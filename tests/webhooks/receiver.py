"""A receiver of webhooks: a real HTTP server on loopback that checks signatures by the standard's own library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from standardwebhooks import Webhook as Standard

PATIENCE_S = 15.0


class Receiver:
    """Answers with the statuses it is given, one after the other, and then with 204. Keeps what was sent."""

    def __init__(self, url: str, statuses: Sequence[int]) -> None:
        self.url = url
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self._statuses = list(statuses)
        self._arrived = asyncio.Condition()

    async def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)

    def checked(self, secret: str, number: int = -1) -> Any:
        """The body of a request, once its signature was checked. Raises what the standard's library raises."""
        headers, body = self.requests[number]
        return Standard(secret).verify(body, headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        status = self._statuses.pop(0) if self._statuses else 204
        more = f"Location: {self.url}/elsewhere\r\n" if status in (301, 302, 307) else ""
        writer.write(f"HTTP/1.1 {status} Whatever\r\n{more}Content-Length: 0\r\n\r\n".encode())
        async with self._arrived:
            self.requests.append((headers, body))
            self.paths.append(request.split()[1])
            self._arrived.notify_all()
        writer.close()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    """A receiver that listens within the block."""
    receiver = Receiver("", statuses)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with server:
        yield receiver
