"""Sending one message: to the very address that was looked at, and nowhere else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import SplitResult, urlsplit

from headrace.app.webhooks.networks import Networks

SEND_S_MAX = 15.0
"""For all of it: name, connection, request and answer. Receivers are to answer first and work afterwards."""

HEAD_BYTES_MAX = 16 << 10
INTERIM_MAX = 5
"""Answers such as 103 that may come before the real one."""


class DeliveryError(Exception):
    """Raised when a message could not be sent, or was not answered as HTTP."""


async def post(url: str, headers: Mapping[str, str], body: bytes, networks: Networks) -> int:
    """Send a body by POST, and answer the status. Redirects are not followed, and the answer's body is not read.

    The name is looked up once; the connection goes to an address of that answer, so that a name that is told
    differently the next time leads nowhere. Raises AddressRefused and DeliveryError.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(SEND_S_MAX):
            address, port = await _look_up(parts, host, networks)
            return await _exchange(parts, address, port, _request(parts, headers, body), networks)
    except TimeoutError:
        raise DeliveryError(f"{host} did not answer within {SEND_S_MAX:g} s") from None
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
        raise DeliveryError(f"{host} could not be reached, or gave no answer: {error}") from None


async def _look_up(parts: SplitResult, host: str, networks: Networks) -> tuple[str, int]:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    networks.check(host, addresses)
    return addresses[0], port


async def _exchange(parts: SplitResult, address: str, port: int, request: bytes, networks: Networks) -> int:
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        address,
        port,
        limit=HEAD_BYTES_MAX,
        ssl=_tls() if secure else None,
        server_hostname=parts.hostname if secure else None,
    )
    try:
        networks.check(parts.hostname or "", [writer.get_extra_info("peername")[0]])
        writer.write(request)
        await writer.drain()
        for _ in range(INTERIM_MAX):
            status = _status(await reader.readline())
            if status >= 200:
                return status
            while (await reader.readline()).strip():
                pass
        raise ValueError("it answers that it will answer, and does not")
    finally:
        # Not closed in peace: what else the receiver has to say is of no interest, and must not be waited for.
        writer.transport.abort()


def _request(parts: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "User-Agent: headrace",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit():
        raise ValueError("that is no HTTP" if line else "it closed the connection")
    return int(code)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
