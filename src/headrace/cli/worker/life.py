"""The life of the worker's process: signals, what it says about itself, and its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.cli.faults import Exit
from headrace.cli.loop import run
from headrace.contrib.job_log import log_jobs
from headrace.engine.collector import spare_the_collector
from headrace.logs import set_levels

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.app.worker import AppWorker

log = logging.getLogger("headrace.worker")


def run_worker(
    app: Headrace,
    worker: AppWorker,
    queues: Mapping[str, int],
    *,
    verbose: bool,
    metrics: tuple[str, int] | None = None,
) -> int:
    """Run until a signal, or until the worker leaves by itself. 0 after a graceful stop, 1 when it left.

    ``metrics`` is the host and the port where they are served.
    """
    if verbose:
        app.telemetry.attach(log_jobs)
    return run(_serve_and_live(app, worker, queues, metrics))


async def _serve_and_live(
    app: Headrace, worker: AppWorker, queues: Mapping[str, int], metrics: tuple[str, int] | None
) -> int:
    if metrics is None:
        return await _live(app, worker, queues)
    # Imported here, because a worker without metrics does not need their library.
    from headrace.cli.worker.serving import metrics_served

    host, port = metrics
    with metrics_served(app, worker, host, port) as server:
        log.info("metrics and health are served on http://%s:%d", host, server.port)
        return await _live(app, worker, queues)


async def _live(app: Headrace, worker: AppWorker, queues: Mapping[str, int]) -> int:
    stopping: set[asyncio.Task[None]] = set()

    def stop(number: int) -> None:
        now = bool(stopping)
        name = signal.Signals(number).name
        log.info("%s: %s", name, "stopping at once" if now else "finishing running jobs; once more to stop at once")
        stopping.add(asyncio.ensure_future(worker.stop(now=now)))

    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop, number)
    loop.add_signal_handler(signal.SIGUSR1, _Levels().toggle)
    try:
        spare_the_collector()
        await worker.start()
        health = worker.health()
        log.info("worker %s is ready: %s", health.id, _describe(app, queues))
        await worker.wait()
        await worker.stop()
        await asyncio.gather(*stopping)
    finally:
        for number in (*signals, signal.SIGUSR1):
            loop.remove_signal_handler(number)
    if worker.failure is not None:
        log.error("worker %s left, because jobs cannot be fetched: %s", worker.id, worker.failure)
        return Exit.FAILED
    log.info("worker %s has stopped", worker.id)
    return Exit.DONE


class _Levels:
    """SIGUSR1 logs everything of headrace, until the next one."""

    def __init__(self) -> None:
        self._before = logging.getLevelName(logging.getLogger("headrace").getEffectiveLevel()).lower()
        self._debug = False

    def toggle(self) -> None:
        self._debug = not self._debug
        level = "debug" if self._debug else self._before
        set_levels(f"headrace={level}")
        log.log(logging.getLogger("headrace").getEffectiveLevel(), "SIGUSR1: headrace logs from %s on", level)


def _describe(app: Headrace, queues: Mapping[str, int]) -> str:
    served = ", ".join(f"{name}={slots}" for name, slots in queues.items())
    tasks = ", ".join(sorted(app.tasks))
    return f"store {app.backend.url}; queues {served}; {len(app.tasks)} tasks: {tasks}"
