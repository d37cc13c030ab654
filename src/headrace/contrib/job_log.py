"""A listener that logs the begin and the end of every job, with how long it waited and ran and what it used."""

from __future__ import annotations

import logging
from typing import Any

from headrace.engine.usage import resident_bytes

log = logging.getLogger("headrace.jobs")


def log_jobs(name: str, attributes: dict[str, Any]) -> None:
    """Attach it to an app's telemetry. ``headrace worker -v`` does.

    The record of an end carries ``wait_s``, ``run_s``, ``cpu_s`` and ``peak_rss_bytes`` as the event does, and
    ``memory_bytes``: what this process holds at that moment.
    """
    if name == "job.started":
        log.info("job %(job_id)s of %(task)s begins attempt %(attempt)s", attributes, extra=attributes)
    elif name == "job.finished":
        told = {**attributes, "memory_bytes": resident_bytes()}
        log.info("job %(job_id)s of %(task)s %(outcome)s after %(run_s).3f s", told, extra=told)
