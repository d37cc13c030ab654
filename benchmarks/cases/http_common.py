"""What the HTTP cases share: a server in a process of its own, and connections that send raw requests."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from benchmarks.cases.common import python

PATIENCE_S = 60.0

_READY = re.compile(rb"ready: http://([^:]+):(\d+)")
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@contextmanager
def served_http(url: str) -> Iterator[int]:
    """``headrace server`` on a store; the port where it answers."""
    server = subprocess.Popen(
        [python(), "-m", "headrace.cli", "server", "benchmarks.cases.http_events_load:app", "--store", url,
         "--port", "0", "--log-level", "info"],
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert server.stderr is not None
        while (ready := _READY.search(server.stderr.readline())) is None:
            assert server.poll() is None
        yield int(ready[2])
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


class Connection:
    """One kept-alive connection. Requests go out one after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the body of the answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        assert length is not None, answer
        return int(answer[9:12]), await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()


async def timed(connection: Connection, method: str, path: str, body: bytes = b"") -> float:
    """Seconds until the answer, which must be a success."""
    begun = time.perf_counter()
    status, text = await connection.ask(method, path, body)
    taken = time.perf_counter() - begun
    if status >= 300:
        raise RuntimeError(f"{method} {path}: {status} {text!r}")
    return taken
