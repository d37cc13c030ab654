"""Metrics for Prometheus: what a process does, what its store holds, and an endpoint to read both from.

Needs the extra ``metrics``: ``pip install 'headrace[metrics]'``.
"""

from headrace.errors import MissingExtra

try:
    import prometheus_client as _  # noqa: F401
except ImportError:  # pragma: no cover  (tested in a process of its own)
    raise MissingExtra("prometheus-client", "metrics") from None

from headrace.contrib.prometheus.listener import PrometheusMetrics
from headrace.contrib.prometheus.server import MetricsServer
from headrace.contrib.prometheus.store import StoreCollector, render_store

__all__ = ["MetricsServer", "PrometheusMetrics", "StoreCollector", "render_store"]
