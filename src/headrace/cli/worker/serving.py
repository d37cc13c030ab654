"""The endpoint of a worker for Prometheus and for probes: ``--metrics-port``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headrace.cli.faults import Exit, Fault
from headrace.contrib.prometheus import MetricsServer, PrometheusMetrics

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.app.worker import AppWorker

PROBE_S_MAX = 2.0
"""Probes of Kubernetes give up after one second unless told otherwise; a store that takes two is in trouble."""


@contextmanager
def metrics_served(app: Headrace, worker: AppWorker, host: str, port: int) -> Iterator[MetricsServer]:
    """Count what the app does and serve it. Entered on the worker's event loop. Raises Fault for a port that is taken.

    Ready means that the worker gets and stores jobs and that the store answers, by way of the event loop. Live means
    that the worker has not left: a loop that is blocked by a long job must not get the process killed.
    """
    loop = asyncio.get_running_loop()
    metrics = _count(app)
    server = MetricsServer(host=host, port=port, live=lambda: _left(worker), ready=_readiness(app, worker, loop))
    try:
        try:
            server.start()
        except OSError as error:
            raise Fault(
                Exit.USAGE,
                "60",
                f"metrics cannot be served on {host}:{port}: {error.strerror or error}",
                word=str(port),
                notes=["another worker on this machine may have the port: each needs its own"],
                fixes=["--metrics-port 0 takes a free one and logs it"],
            ) from None
        yield server
    finally:
        server.close()
        if metrics is not None:
            metrics.close()


def _count(app: Headrace) -> PrometheusMetrics | None:
    """Count, unless the app's own module does: a registry takes a name once, and refuses the first of ours then."""
    try:
        return PrometheusMetrics(app)
    except ValueError:
        return None


def _left(worker: AppWorker) -> Sequence[str]:
    return () if worker.failure is None else (f"the worker left: {worker.failure!r}",)


def _readiness(app: Headrace, worker: AppWorker, loop: asyncio.AbstractEventLoop) -> Callable[[], Sequence[str]]:
    def problems() -> Sequence[str]:
        if not worker.running:
            return worker.health().problems
        asked = asyncio.run_coroutine_threadsafe(app.backend.health(), loop)
        try:
            store = asked.result(PROBE_S_MAX).problems
        except TimeoutError:
            asked.cancel()
            store = (f"the event loop and the store did not answer within {PROBE_S_MAX:g} s",)
        return (*worker.health().problems, *store)

    return problems
