"""The outermost layer: an id for each request, the way to the hot operations, and the last net under everything."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.logs.fields import add_fields
from headrace.model.correlation import CORRELATION_LENGTH_MAX
from headrace.server.browsers import BrowserGuard
from headrace.server.http import refuse
from headrace.server.problems import Refused, unexpected

log = logging.getLogger("headrace.server")

REQUEST_ID = b"x-request-id"

_request_id: ContextVar[str | None] = ContextVar("headrace_request_id", default=None)
add_fields(lambda: {"request_id": _request_id.get()})


class Front:
    """Wraps the whole service. ``hot`` are operations that are reached without routing, by method and path."""

    def __init__(self, inner: ASGIApp, hot: Mapping[tuple[str, str], ASGIApp], guard: BrowserGuard) -> None:
        self._inner = inner
        self._hot = hot
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens inside."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        given = _given_id(scope)
        # To be told apart is all it is for: nobody gains by guessing one, and the system's random numbers cost more.
        request_id = given or f"{getrandbits(128):032x}"
        # A mapping of this request's own: the outer application's state belongs to its lifespan.
        scope["state"] = {**scope.get("state", {}), "headrace.request_id": request_id, "headrace.correlation": given}
        reset = _request_id.set(request_id)
        response = _Response(send, request_id)
        begun = time.perf_counter()
        try:
            self._guard.check(scope)
            inner = self._hot.get((scope["method"], scope["path"])) if not scope.get("root_path") else None
            await (inner or self._inner)(scope, receive, response.send)
        except Refused as refused:
            await refuse(scope, response.send, refused)
        except Exception as error:
            log.error("a request failed: %r", error, exc_info=error)
            if response.status is not None:
                raise  # Half a response is told by closing the connection.
            await refuse(scope, response.send, unexpected())
        finally:
            if log.isEnabledFor(logging.DEBUG):
                _log_request(scope, response.status, time.perf_counter() - begun)
            _request_id.reset(reset)


def _log_request(scope: Scope, status: int | None, duration_s: float) -> None:
    """The record of a request, for those who ask for it: the metrics tell of all."""
    method, path = scope["method"], scope["path"]
    fields = {"method": method, "path": path, "status": status, "duration_s": duration_s}
    log.debug("%s %s: %s in %.1f ms", method, path, status, duration_s * 1_000, extra=fields)


class _Response:
    """Adds the id of the request to the response, and notes its status."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("latin-1")
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (REQUEST_ID, self._request_id)]
        await self._send(message)


def _given_id(scope: Scope) -> str | None:
    """The id that the caller sent, if it is one."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID:
            text: str = value.decode("latin-1")
            return text if 0 < len(text) <= CORRELATION_LENGTH_MAX and text.isascii() and text.isprintable() else None
    return None
