"""``headrace metrics``: what Prometheus would read."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "show": Entry("headrace.cli.metrics.show", "print the metrics of a store as Prometheus reads them"),
}

command = LazyGroup(
    name="metrics",
    table=TABLE,
    no_args_is_help=True,
    help="""Metrics for Prometheus. A worker serves its own with headrace worker APP --metrics-port 9100.

    \b
    Examples:
      headrace metrics show
    """,
)
