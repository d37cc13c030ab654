"""The life of the worker's process: signals, what it says about itself, and its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.cli.faults import Exit

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.app.worker import AppWorker

log = logging.getLogger("headrace.worker")


def run_worker(app: Headrace, worker: AppWorker, queues: Mapping[str, int], *, verbose: bool) -> int:
    """Run until a signal, or until the worker leaves by itself. 0 after a graceful stop, 1 when it left."""
    if verbose:
        app.telemetry.attach(_log_jobs)
    return asyncio.run(_live(app, worker, queues))


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
    try:
        await worker.start()
        health = worker.health()
        log.info("worker %s is ready: %s", health.id, _describe(app, queues))
        await worker.wait()
        await worker.stop()
        await asyncio.gather(*stopping)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
    if worker.failure is not None:
        log.error("worker %s left, because jobs cannot be fetched: %s", worker.id, worker.failure)
        return Exit.FAILED
    log.info("worker %s has stopped", worker.id)
    return Exit.DONE


def _describe(app: Headrace, queues: Mapping[str, int]) -> str:
    served = ", ".join(f"{name}={slots}" for name, slots in queues.items())
    tasks = ", ".join(sorted(app.tasks))
    return f"store {app.backend.url}; queues {served}; {len(app.tasks)} tasks: {tasks}"


def _log_jobs(name: str, attributes: dict[str, Any]) -> None:
    if name == "job.started":
        log.info("job %(job_id)s of %(task)s begins attempt %(attempt)s", attributes, extra=attributes)
    elif name == "job.finished":
        log.info("job %(job_id)s of %(task)s %(outcome)s after %(run_s).3f s", attributes, extra=attributes)
