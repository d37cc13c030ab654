"""From a path to an operation: one route for each path, which knows its methods."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.server.http import refuse, respond
from headrace.server.operation import Operation
from headrace.server.problems import Refused


def routes_of(endpoints: Mapping[Operation, ASGIApp]) -> list[Route]:
    """The routes, those without fields in their path first: ``/v1/jobs/search`` is no job."""
    paths: dict[str, dict[str, ASGIApp]] = {}
    for operation, endpoint in endpoints.items():
        paths.setdefault(operation.path, {})[operation.method] = endpoint
    return [
        Route(path, ByMethod(methods), name=path)
        for path, methods in sorted(paths.items(), key=lambda each: each[0].count("{"))
    ]


class ByMethod:
    """What is behind one path."""

    def __init__(self, methods: Mapping[str, ASGIApp]) -> None:
        self._methods = methods
        names = set(methods) | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        self._allow = ", ".join(sorted(names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the operation of the method, or with 405 and those there are."""
        method = scope["method"]
        endpoint = self._methods.get(method)
        if endpoint is not None:
            await endpoint(scope, receive, send)
        elif method == "HEAD" and "GET" in self._methods:
            await self._methods["GET"](scope, receive, _HeadOnly(send).send)
        elif method == "OPTIONS":
            await respond(send, 204, b"", "text/plain", {"allow": self._allow})
        else:
            detail = f"{scope['path']} does not take {method}; it takes {self._allow}"
            await refuse(scope, send, Refused(405, "HR-E0286", detail, headers={"allow": self._allow}))


class _HeadOnly:
    """Sends the head of a response and leaves the body out."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, message: Message) -> None:
        await self._send({**message, "body": b""} if message["type"] == "http.response.body" else message)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """What a path that nobody knows is answered with."""
    if scope["type"] != "http":
        return
    detail = f"there is nothing at {scope['path']}"
    await refuse(scope, send, Refused(404, "HR-E0320", detail, fix="/docs and /openapi.json list what there is"))
