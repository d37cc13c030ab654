"""Takes back jobs from workers that are no longer heard."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.model.job import JobState
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, WORK, topic
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

RESCUE_LIMIT = 500
"""Jobs in one round; a worker rarely holds more, and the next round follows at once."""

RESCUE_EVERY_MAX = timedelta(seconds=5)


class Rescuer(Periodic):
    """``running`` jobs whose lease ran out are queued again, or end when no attempt is left."""

    def __init__(
        self,
        backend: Backend,
        lease: timedelta,
        *,
        gate: Callable[[], bool],
        telemetry: Telemetry,
        quarantine_after: int | None = None,
    ) -> None:
        # A sixth of a lease adds little to the time until a dead worker's jobs run elsewhere.
        super().__init__("rescuer", min(RESCUE_EVERY_MAX, lease / 6), gate=gate)
        self._backend = backend
        self._telemetry = telemetry
        self._quarantine_after = quarantine_after

    async def tick(self) -> timedelta | None:
        """Rescue a round, and tell workers, listeners and the log."""
        rescued = await self._backend.jobs.rescue(limit=RESCUE_LIMIT, quarantine_after=self._quarantine_after)
        if not rescued:
            return None
        topics = set()
        for job in rescued:
            log.warning(
                "job %s was taken back from worker %s, which is no longer heard; it is %s now",
                job.id,
                job.worker,
                job.state,
                extra={"job_id": job.id, "queue": job.queue},
            )
            self._telemetry.emit("job.rescued", job_id=job.id, queue=job.queue, state=job.state, worker=job.worker)
            topics.add(topic(WORK, job.queue) if job.state is JobState.QUEUED else topic(DONE, job.id))
        await self._backend.signals.publish(sorted(topics))
        return ZERO if len(rescued) >= RESCUE_LIMIT else None
