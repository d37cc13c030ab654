"""What a store holds, read when Prometheus asks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from headrace.app import Headrace
from headrace.contrib.prometheus.labels import LABELS_MAX, Bounded
from headrace.errors import HeadraceError
from headrace.model.job import JobState

T = TypeVar("T")

FRESH_S = 5.0
"""A store is read at most this often, however many scrapers ask."""


class StoreCollector(Collector):
    """Depth of each queue by state, age of the oldest queued job, paused queues and workers, from the counters.

    It asks through ``app.sync``, so with connections of its own, and may be scraped from any thread. When the store
    does not answer, ``headrace_store_up`` is 0 and the others are missing. All processes of a store tell the same, so
    take the maximum over instances, not the sum.
    """

    def __init__(self, app: Headrace, *, labels_max: int = LABELS_MAX, fresh_s: float = FRESH_S) -> None:
        self._app = app
        self._labels_max = labels_max
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._known: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not open the store."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The metrics, read now or within the last seconds. Never raises for a store that does not answer."""
        with self._lock:
            if time.monotonic() - self._read_at > self._fresh_s:
                self._known = _off_the_loop(self._read)
                self._read_at = time.monotonic()
            return self._known

    def _read(self) -> list[Metric]:
        up = GaugeMetricFamily("headrace_store_up", "1 while the store answers.")
        try:
            metrics = self._ask()
        except (HeadraceError, OSError, TimeoutError):
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *metrics]

    def _ask(self) -> list[Metric]:
        jobs = GaugeMetricFamily("headrace_queue_jobs", "Jobs in a state.", labels=("queue", "state"))
        age = GaugeMetricFamily(
            "headrace_queue_oldest_seconds", "For how long the oldest queued job could have run.", labels=("queue",)
        )
        paused = GaugeMetricFamily("headrace_queue_paused", "1 while the queue is paused.", labels=("queue",))
        workers = GaugeMetricFamily("headrace_workers", "Workers heard of within the last half minute.")
        label, now = Bounded(self._labels_max), datetime.now(UTC)
        counts: dict[tuple[str, JobState], int] = {}
        ages: dict[str, float] = {}
        stopped: dict[str, bool] = {}
        for stats in self._app.sync.stats():
            queue = label(stats.queue)
            for state in JobState:
                counts[queue, state] = counts.get((queue, state), 0) + stats.counts.get(state, 0)
            oldest = stats.oldest_queued_at
            waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
            ages[queue] = max(ages.get(queue, 0.0), waited)
            stopped[queue] = stopped.get(queue, False) or stats.paused
        for (queue, state), count in counts.items():
            jobs.add_metric([queue, state.value], count)
        for queue, seconds in ages.items():
            age.add_metric([queue], seconds)
            paused.add_metric([queue], stopped[queue])
        workers.add_metric([], len(self._app.sync.workers()))
        return [jobs, age, paused, workers]


def render_store(app: Headrace) -> str:
    """What a scrape of the app's store alone would answer, in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(app))
    return generate_latest(registry).decode()


def _off_the_loop(read: Callable[[], T]) -> T:
    """``app.sync`` refuses a thread whose event loop runs, and who scrapes from one means to wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return read()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(read).result()
