"""A small HTTP endpoint for Prometheus and for probes, in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Probe = Callable[[], Sequence[str]]
"""Answers what is wrong; nothing when all is well. Called in a thread of the server."""


def nothing_wrong() -> Sequence[str]:
    """A probe for who has none."""
    return ()


class MetricsServer:
    """Serves ``/metrics``, ``/health/live`` and ``/health/ready`` from ``start`` until ``close``.

    ``registry`` is what ``/metrics`` shows: without one, the process's own, ``prometheus_client.REGISTRY``.

    A probe that tells of problems is answered with 503 and the problems as JSON, else with 200. Listens on loopback
    unless told otherwise: the names of tasks and queues are nobody else's business. Port 0 takes a free one.

    >>> from urllib.request import urlopen
    >>> with MetricsServer(CollectorRegistry(), port=0) as server:
    ...     urlopen(f"http://127.0.0.1:{server.port}/health/live").read()
    b'{"ok":true,"problems":[]}'
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        *,
        port: int,
        host: str = "127.0.0.1",
        live: Probe = nothing_wrong,
        ready: Probe = nothing_wrong,
    ) -> None:
        self._metrics = make_wsgi_app(REGISTRY if registry is None else registry)
        self._probes = {"/health/live": live, "/health/ready": ready}
        self._address = (host, port)
        self._server: WSGIServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._address[1] if self._server is None else self._server.server_port

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        host, port = self._address
        kind = _ServerV6 if ":" in host else _Server
        self._server = make_server(host, port, self._answer, server_class=kind, handler_class=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="headrace-metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more. Closing twice does nothing."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()

    def __enter__(self) -> MetricsServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, environment: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environment, respond)
            return answer
        probe = self._probes.get(path)
        if probe is None:
            respond("404 Not Found", [("Content-Type", "text/plain")])
            return [b"try /metrics, /health/live or /health/ready\n"]
        problems = list(probe())
        status = "503 Service Unavailable" if problems else "200 OK"
        respond(status, [("Content-Type", "application/json")])
        return [msgspec.json.encode({"ok": not problems, "problems": problems})]


class _Server(ThreadingMixIn, WSGIServer):
    """One slow scrape must not hold up a probe."""

    daemon_threads = True


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = 10.0

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it)
        """A request every few seconds is no news."""
