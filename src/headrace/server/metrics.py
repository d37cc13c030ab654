"""What the server's process does and what its store holds, for Prometheus."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from headrace.app import Headrace
from headrace.contrib.prometheus import PrometheusMetrics
from headrace.server.auth import Authenticator, check_scope
from headrace.server.http import headers_of, refuse, respond
from headrace.server.problems import refusal_of, unexpected
from headrace.server.routing import ByMethod
from headrace.server.state import ServerState
from headrace.wire.scopes import Scope as Permission

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""From a read of counters to a request that waits as long as it may."""


class ServerMetrics:
    """Counts from its making until ``close``. The registry is its own: several apps may be served by one process."""

    def __init__(self, app: Headrace) -> None:
        self.registry = CollectorRegistry()
        self._app_metrics = PrometheusMetrics(app, registry=self.registry)
        self._requests = Histogram(
            "headrace_http_request_seconds",
            "How long requests took, by operation and status.",
            ("operation", "status"),
            registry=self.registry,
            buckets=BUCKETS_S,
        )
        self._known: dict[tuple[str, int], Histogram] = {}

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Note a request."""
        found = self._known.get((operation, status))
        if found is None:  # there are few, and the library looks for long
            found = self._known[operation, status] = self._requests.labels(operation, str(status))
        found.observe(seconds)

    def close(self) -> None:
        """Count no more."""
        self._app_metrics.close()

    def route(self, state: ServerState, authenticator: Authenticator) -> Route:
        """``/metrics``, for who may read the store."""

        async def show(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await state.open()  # API keys are in the store
                check_scope(await authenticator.authenticate(headers_of(scope)), Permission.STORES_READ)
            except Exception as error:
                await refuse(scope, send, refusal_of(error) or unexpected())
                return
            # In a thread, because the store's figures are read by way of a loop of their own.
            body = await asyncio.to_thread(generate_latest, self.registry)
            await respond(send, 200, body, CONTENT_TYPE_LATEST)

        return Route("/metrics", ByMethod({"GET": show}), name="metrics")
