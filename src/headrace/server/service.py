"""The service as one ASGI application, to be served alone or mounted in another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.app import Headrace
from headrace.config.server import ServerSettings
from headrace.server.auth import Authenticator
from headrace.server.browsers import BrowserGuard
from headrace.server.front import REQUEST_ID, Front
from headrace.server.health import health_routes
from headrace.server.http import Endpoint
from headrace.server.keys import Callers
from headrace.server.metrics import ServerMetrics
from headrace.server.operations import all_operations
from headrace.server.pages import docs_routes, document_route
from headrace.server.routing import not_found, routes_of
from headrace.server.state import ServerState

GZIP_SIZE_MIN = 1_000
"""Smaller answers fit one packet as they are."""


class Service:
    """What :func:`create_app` makes: an ASGI application. ``state`` and ``guard`` are for who serves it."""

    def __init__(self, app: Headrace, settings: ServerSettings, authenticator: Authenticator) -> None:
        self.state = ServerState(app, settings)
        self.guard = BrowserGuard(settings.origins)
        endpoints = {each: Endpoint(each, self.state, authenticator) for each in all_operations()}
        metrics = ServerMetrics(app)
        self.state.metrics = metrics
        pages = [document_route(), *(docs_routes() if settings.docs else [])]
        inner = Starlette(
            routes=[
                *health_routes(self.state),
                metrics.route(self.state, authenticator),
                *pages,
                *routes_of(endpoints),
            ],
            middleware=_middleware(settings),
            lifespan=self._lifespan,
        )
        inner.router.default = not_found
        inner.router.redirect_slashes = False
        # The way past the router is also past its middleware: answers there are small, and pages of other origins
        # go the long way.
        posts = [each for each in endpoints if each.method == "POST" and not each.in_path]
        hot: dict[tuple[str, str], ASGIApp] = {("POST", each.path): endpoints[each] for each in posts}
        self._front = Front(inner, {} if settings.origins else hot, self.guard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or go through the life of the server."""
        await self._front(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, inner: Starlette) -> AsyncIterator[None]:
        await self.state.open()
        try:
            yield
        finally:
            await self.state.close()


def create_app(
    app: Headrace, settings: ServerSettings | None = None, *, authenticator: Authenticator | None = None
) -> Service:
    """The HTTP service of an app as an ASGI application.

    Serve it with any ASGI server, or mount it: ``fastapi_app.mount("/headrace", create_app(app))``. The lifespan of a
    mounted application is not run by the outer one, so the app is then opened with the first request; run
    ``async with app:`` in the outer lifespan to open it before, and to close it at the end.

    settings: what is taken and for how long; see :class:`~headrace.config.server.ServerSettings`.
    authenticator: who tells callers apart. Default: the settings' token and API keys; without either, anyone, so that
        a mounted service is as open as what it is mounted in.
    """
    settings = settings or ServerSettings()
    if authenticator is None:
        authenticator = Callers(app, settings.token, open_to_all=settings.token is None and settings.is_loopback)
    return Service(app, settings, authenticator)


def _middleware(settings: ServerSettings) -> list[Middleware]:
    found = [Middleware(GZipMiddleware, minimum_size=GZIP_SIZE_MIN)]
    if settings.origins:
        exposed = ("etag", "location", "idempotency-replayed", "retry-after", REQUEST_ID.decode())
        cors = Middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=exposed,
        )
        found.insert(0, cors)
    return found
