"""Upkeep: what one worker of all does for the store, and how that one is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headrace.config import WorkerConfig
from headrace.engine.dead_watch import DeadAlarm, DeadWatch
from headrace.engine.expirer import Expirer
from headrace.engine.leader import Leader
from headrace.engine.middleware import EnqueueNext
from headrace.engine.promoter import Promoter
from headrace.engine.pruner import Pruner
from headrace.engine.rescuer import Rescuer
from headrace.engine.scheduler import Scheduler
from headrace.engine.service import Periodic, Supervisor
from headrace.engine.successor import Successor
from headrace.model.ids import WorkerId
from headrace.model.schedule import Schedule
from headrace.storage.backend import Backend
from headrace.telemetry import Telemetry

MoreUpkeep = Callable[[Callable[[], bool]], Sequence[Periodic]]
"""Makes further duties of the leader, from the gate that tells whether this worker leads."""


def no_more(gate: Callable[[], bool]) -> Sequence[Periodic]:
    """No further duties."""
    return ()


class Upkeep(Supervisor):
    """The duties of the leader, at a worker that may become it. They start first, and the election last.

    The duties of every worker tick, and do nothing while it does not lead; but for the scheduler, which then fires what
    the leader is late with.
    """

    def __init__(
        self,
        worker: WorkerId,
        backend: Backend,
        config: WorkerConfig,
        telemetry: Telemetry,
        *,
        schedules: Sequence[Schedule],
        enqueue: EnqueueNext | None,
        dead_alarms: Sequence[DeadAlarm],
        more: MoreUpkeep = no_more,
    ) -> None:
        gate = self.leads
        self._leader = Leader(backend.locks, backend.clock, worker, on_elected=self._elected, lease=config.lease)
        self._duties = (
            Promoter(backend, gate=gate, telemetry=telemetry),
            Rescuer(backend, config.lease, gate=gate, telemetry=telemetry, quarantine_after=config.quarantine_after),
            Expirer(backend, gate=gate, telemetry=telemetry),
            Pruner(backend, config.retention, gate=gate, telemetry=telemetry),
            Scheduler(backend, leading=gate, telemetry=telemetry, declared=schedules, enqueue=enqueue),
            Successor(backend, gate=gate),
            DeadWatch(backend, dead_alarms, gate=gate, telemetry=telemetry),
            *more(gate),
        )
        super().__init__("upkeep", [*self._duties, self._leader])

    def leads(self) -> bool:
        """Whether this worker is the leader."""
        return self._leader.is_leader

    def _elected(self) -> None:
        for duty in self._duties:
            duty.nudge()
