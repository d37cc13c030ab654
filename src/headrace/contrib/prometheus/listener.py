"""What this process does, counted from the events of its app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

from headrace.app import Headrace
from headrace.contrib.prometheus.labels import LABELS_MAX, Bounded
from headrace.contrib.prometheus.store import StoreCollector

PICKUP_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
RUN_BUCKETS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
STORE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""From an empty job on a quiet machine to an hour; a store answers in milliseconds or is in trouble."""


class PrometheusMetrics:
    """Attaches itself to an app and counts; ``close`` detaches it. With ``store``, scrapes also read the app's store.

    ``registry`` is where the metrics go: without one, to the process's own, ``prometheus_client.REGISTRY``.

    Counters and histograms are of this process, so sum them over all. At most 200 tasks and 200 queues get a time
    series of their own; what comes later is counted under ``other``.

    >>> from prometheus_client import generate_latest
    >>> app, registry = Headrace("memory://"), CollectorRegistry()
    >>> metrics = PrometheusMetrics(app, registry=registry, store=False)
    >>> app.telemetry.emit("job.enqueued", count=2, queues={"mail": 2}, tasks={"greet": {"mail": 2}})
    >>> [line for line in generate_latest(registry).decode().splitlines() if line.startswith("headrace_jobs_enq")][:1]
    ['headrace_jobs_enqueued_total{queue="mail",task="greet"} 2.0']
    >>> metrics.close()
    """

    def __init__(
        self,
        app: Headrace,
        *,
        registry: CollectorRegistry | None = None,
        store: bool = True,
        labels_max: int = LABELS_MAX,
    ) -> None:
        self._registry = registry = REGISTRY if registry is None else registry
        self._task = Bounded(labels_max)
        self._queue = Bounded(labels_max)
        self._collectors: list[Collector] = []
        self._make()
        self._on: dict[str, Callable[[dict[str, Any]], None]] = {
            "job.enqueued": self._enqueued,
            "job.started": self._started,
            "job.finished": self._finished,
            "job.lease_lost": lambda event: self._lost.labels(*self._kind(event)).inc(),
            "job.stale": lambda event: self._stale.labels(*self._kind(event)).inc(),
            "job.rescued": lambda event: self._rescued.labels(self._queue(event["queue"])).inc(),
            "loop.blocked": lambda event: self._blocked.inc(),
            "store.call": self._called,
            "task.deprecated": lambda event: self._deprecated.labels(self._task(event["task"])).inc(),
            "store.error": lambda event: self._errors.labels(event["operation"]).inc(),
            "worker.beat": self._beat,
            "worker.stopped": self._stopped,
        }
        if store:
            collector = StoreCollector(app, labels_max=labels_max)
            registry.register(collector)
            self._collectors.append(collector)
        self._detach = app.telemetry.attach(self)

    def __call__(self, name: str, attributes: dict[str, Any]) -> None:
        """Count an event. May be called from any thread."""
        count = self._on.get(name)
        if count is not None:
            count(attributes)

    def close(self) -> None:
        """Detach from the app, and take the metrics out of the registry. Closing twice does nothing."""
        self._detach()
        while self._collectors:
            self._registry.unregister(self._collectors.pop())

    def _make(self) -> None:
        kind = ("task", "queue")
        self._enqueued_total = self._counter("headrace_jobs_enqueued", "Jobs stored.", kind)
        self._started_total = self._counter("headrace_jobs_started", "Attempts begun.", kind)
        self._finished_total = self._counter("headrace_jobs_finished", "Attempts ended.", (*kind, "outcome"))
        self._retries = self._counter("headrace_job_retries", "Failed attempts that will be tried again.", kind)
        self._dead = self._counter("headrace_jobs_dead", "Jobs that failed for the last time.", kind)
        self._lost = self._counter("headrace_job_leases_lost", "Attempts stopped because the lease was lost.", kind)
        self._stale = self._counter("headrace_jobs_stale", "Ends that came too late and changed nothing.", kind)
        self._rescued = self._counter("headrace_jobs_rescued", "Jobs taken back from silent workers.", ("queue",))
        self._cpu = self._counter("headrace_job_cpu_seconds", "Processor time, where it is known.", ("task",))
        self._blocked = self._counter("headrace_loop_blocks", "Times the event loop or the interpreter stood still.")
        self._errors = self._counter("headrace_store_errors", "Calls of the store that failed.", ("operation",))
        self._deprecated = self._counter(
            "headrace_deprecated_versions", "Deprecated versions of which jobs came; each counts once.", ("task",)
        )
        self._pickup = self._histogram(
            "headrace_job_pickup_seconds", "From when a job could run until it did.", ("task",), PICKUP_BUCKETS_S
        )
        self._run = self._histogram("headrace_job_run_seconds", "How long attempts ran.", ("task",), RUN_BUCKETS_S)
        self._store = self._histogram(
            "headrace_store_call_seconds",
            "How long the store took to answer; a claim may wait for work meanwhile.",
            ("operation",),
            STORE_BUCKETS_S,
        )
        self._fetched = self._gauge("headrace_last_claim_timestamp_seconds", "When a claim last succeeded.")
        worker = ("worker",)
        self._lag = self._gauge("headrace_worker_loop_lag_seconds", "How late the loop answered, at worst.", worker)
        self._running = self._gauge("headrace_worker_running_jobs", "Jobs that have a slot.", worker)
        self._slots = self._gauge("headrace_worker_slots", "Jobs that may run at once.", worker)
        self._backlog = self._gauge("headrace_worker_backlog_jobs", "Ended jobs that are not stored yet.", worker)
        self._healthy = self._gauge("headrace_worker_healthy", "1 while it gets and stores jobs.", worker)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        made = Counter(name, text, labels, registry=self._registry)
        self._collectors.append(made)
        return made

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        made = Gauge(name, text, labels, registry=self._registry)
        self._collectors.append(made)
        return made

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        made = Histogram(name, text, labels, buckets=buckets, registry=self._registry)
        self._collectors.append(made)
        return made

    def _kind(self, event: dict[str, Any]) -> tuple[str, str]:
        return self._task(event["task"]), self._queue(event["queue"])

    def _enqueued(self, event: dict[str, Any]) -> None:
        for task, queues in event["tasks"].items():
            for queue, count in queues.items():
                self._enqueued_total.labels(self._task(task), self._queue(queue)).inc(count)

    def _started(self, event: dict[str, Any]) -> None:
        task, queue = self._kind(event)
        self._started_total.labels(task, queue).inc()
        self._pickup.labels(task).observe(max(0.0, event["wait_s"]))

    def _finished(self, event: dict[str, Any]) -> None:
        task, queue = self._kind(event)
        self._finished_total.labels(task, queue, event["outcome"]).inc()
        self._run.labels(task).observe(event["run_s"])
        if event["dead"]:
            self._dead.labels(task, queue).inc()
        elif event["outcome"] == "failed":
            self._retries.labels(task, queue).inc()
        if event["cpu_s"] is not None:
            self._cpu.labels(task).inc(event["cpu_s"])

    def _called(self, event: dict[str, Any]) -> None:
        self._store.labels(event["operation"]).observe(event["took_s"])
        if event["operation"] == "claim" and "error" not in event:
            self._fetched.set_to_current_time()

    def _beat(self, event: dict[str, Any]) -> None:
        worker, record = event["worker"], event["record"]
        self._lag.labels(worker).set(record.loop_lag_s or 0.0)
        self._running.labels(worker).set(record.running)
        self._slots.labels(worker).set(sum(record.queues.values()))
        self._backlog.labels(worker).set(record.backlog)
        self._healthy.labels(worker).set(not record.problems)

    def _stopped(self, event: dict[str, Any]) -> None:
        for gauge in (self._lag, self._running, self._slots, self._backlog, self._healthy):
            gauge.remove(event["worker"])
