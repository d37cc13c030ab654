"""Operations on HTTP: from a request to a request value, and from a reply value to a response. Nothing else.

Each operation is an ASGI callable of its own, without the objects that a framework makes for every request: those cost
as much as the whole rest of a submit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.types import Receive, Scope, Send

from headrace.engine.correlation import correlate
from headrace.server.audit import DONE, AuditedCall
from headrace.server.auth import Authenticator, check_scope
from headrace.server.context import Context
from headrace.server.operation import JSON, Operation
from headrace.server.problems import Refused, refusal_of, unexpected
from headrace.server.reading import Disconnected, read_body, read_request
from headrace.server.state import ServerState
from headrace.server.trace import traceparent_of
from headrace.wire.problems import MEDIA_TYPE

T = TypeVar("T")

log = logging.getLogger("headrace.server")

_encode = msgspec.json.Encoder().encode


class Endpoint:
    """One operation, as an ASGI application."""

    def __init__(self, operation: Operation, state: ServerState, authenticator: Authenticator) -> None:
        self._operation = operation
        self._state = state
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Errors are answered as problems."""
        headers, begun = headers_of(scope), time.perf_counter()
        call = AuditedCall(self._operation)
        try:
            reply = await self._carry_out(scope, headers, receive, call)
            call.end(DONE)
            if self._operation.media != JSON:
                await reply.respond(scope, receive, send)
                return
            answer = self._operation.answer(reply)
            body = _encode(reply)
        except Disconnected:
            return
        except Exception as error:
            refused = refusal_of(error) or _logged(error, self._operation)
            call.end(refused.problem.code)
            self._count(refused.problem.status, begun)
            await refuse(scope, send, refused)
            return
        self._count(answer.status, begun)
        await respond(send, answer.status, body, JSON, answer.headers)

    def _count(self, status: int, begun: float) -> None:
        if self._state.metrics is not None:
            self._state.metrics.answered(self._operation.name, status, time.perf_counter() - begun)

    async def _carry_out(self, scope: Scope, headers: Mapping[str, str], receive: Receive, call: AuditedCall) -> Any:
        operation, settings = self._operation, self._state.settings
        await self._state.open()  # first, because API keys are in the store
        principal = call.principal = await self._authenticator.authenticate(headers)
        check_scope(principal, operation.scope)
        body = b""
        if operation.in_body:
            body = await read_body(scope, receive, headers, limit=settings.body_max, timeout=settings.body_timeout)
        request = read_request(operation, scope.get("path_params", {}), scope["query_string"], headers, body)
        call.request = request
        context = Context(state=self._state, principal=principal, traceparent=traceparent_of(headers))
        given = scope["state"].get("headrace.correlation")
        handled = operation.handler(context, request)
        carried_out = handled if given is None else _correlated(given, handled)
        return await (until_gone(receive, carried_out) if operation.waits else carried_out)


async def _correlated(given: str, work: Awaitable[T]) -> T:
    with correlate(given):
        return await work


async def until_gone(receive: Receive, work: Awaitable[T]) -> T:
    """What ``work`` answers; it is cancelled, and Disconnected raised, when the caller goes away before."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Disconnected
        return task.result()
    finally:
        gone.cancel()
        task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers, by their names in lower case. Several with one name are one list, by RFC 9110, 5.3."""
    lines = scope["headers"]
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in lines}
    if len(found) < len(lines):
        for name in found:
            found[name] = ", ".join(value.decode("latin-1") for each, value in lines if each.decode("latin-1") == name)
    return found


async def respond(send: Send, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
    """Send a whole response."""
    lines = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    lines += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Send a problem, with the id of the request."""
    request_id = scope["state"].get("headrace.request_id")
    problem = msgspec.structs.replace(refused.problem, request_id=request_id)
    await respond(send, problem.status, _encode(problem), MEDIA_TYPE, refused.headers)


def _logged(error: Exception, operation: Operation) -> Refused:
    log.error("%s failed: %r", operation.name, error, exc_info=error, extra={"operation": operation.name})
    return unexpected()
