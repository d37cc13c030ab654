"""Requests that a page of somebody else's makes a browser send, which looks like its user to a server on loopback.

A page may send simple requests anywhere, without asking and without reading the answer; and a name of its own may lead
to this machine. So what changes something must come from a page of this server, or from an origin that is let in; and
an open server on loopback answers to the names of this machine alone.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from headrace.server.problems import Refused

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class BrowserGuard:
    """Refuses requests of foreign pages. ``origins`` are let in; ``local_only``: only names of this machine count.

    Who sends a token or a key is no foreign page: a browser asks before it lets a page send that.
    """

    def __init__(self, origins: Collection[str], *, local_only: bool = False) -> None:
        self._origins = frozenset(origins)
        self.local_only = local_only

    def check(self, scope: Scope) -> None:
        """Raise Refused with 403 for a request that somebody else's page has made."""
        origin = host = ""
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
            elif name == b"authorization":
                return
        if self.local_only and host and not is_local(host) and not scope["path"].startswith("/health/"):
            raise Refused(
                403,
                "HR-E0413",
                f"this server is for this machine alone, and was asked for as {host}",
                field="Host",
                value=host,
                fix="use http://localhost and the port; for other names set a token, HEADRACE_SERVER_TOKEN",
            )
        if not origin or scope["method"] in _SAFE or "*" in self._origins or origin in self._origins:
            return
        if urlsplit(origin).netloc.lower() != host.lower():
            raise Refused(
                403,
                "HR-E0413",
                f"a page of {origin} may change nothing here",
                field="Origin",
                value=origin,
                fix="name the origin in the setting server.cors_origins",
            )


@lru_cache(maxsize=256)
def is_local(host: str) -> bool:
    """Whether a ``Host`` header names this machine.

    >>> [is_local(host) for host in ("localhost:8080", "127.0.0.1", "[::1]:8080", "evil.example:8080")]
    [True, True, True, False]
    """
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
