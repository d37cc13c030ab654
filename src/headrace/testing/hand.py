"""A worker that is handed its jobs one by one, runs each to its end, and does nothing by itself."""

from __future__ import annotations

from headrace.app import Headrace
from headrace.app.worker import AppWorker
from headrace.config import WorkerConfig
from headrace.engine.executor import Executor
from headrace.engine.service import Supervisor
from headrace.engine.shares import Share
from headrace.model.ids import JobId
from headrace.model.lease import Claim
from headrace.storage.backend import Backend
from headrace.testing.watch import Watch, WatchedRegistry


class Hand(AppWorker):
    """Runs handlers as any worker does (pools, contexts, outcomes), without its loops, threads and upkeep.

    >>> import asyncio
    >>> from headrace.backends.memory import MemoryBackend
    >>> async def main() -> None:
    ...     backend = MemoryBackend()
    ...     async with Headrace(backend=backend) as app, Hand(app, backend, Watch()) as hand:
    ...         print(hand.outcomes)
    >>> asyncio.run(main())
    {}
    """

    def __init__(self, app: Headrace, backend: Backend, watch: Watch) -> None:
        registry, config = WatchedRegistry(app, watch), WorkerConfig(upkeep=False)
        super().__init__(app, backend, registry, config, app.surroundings, queues=app.declared_queues)
        self._rest = Supervisor("hand", [self._around, self._completer, self._reporter])
        self._app = app
        self.outcomes: dict[JobId, str] = {}

    async def run(self, claim: Claim) -> str:
        """Run a claimed job, and store how it ended. Answers the outcome by its name, as ``job.finished`` has it."""
        job = claim.job
        shares = self._dispatcher.shares
        if job.queue not in shares:
            shares[job.queue] = Share(job.queue, 1, 0, self._backend.clock.monotonic())
        self.outcomes.pop(job.id, None)
        detach = self._app.telemetry.attach(self._hear)
        try:
            self._dispatcher.accept(claim, self._backend.clock.monotonic())
            self._dispatcher.close_batches()  # of one job: others are not waited for
            await self._dispatcher.quiet()
            await self._completer.drained()
        finally:
            detach()
        return self.outcomes.get(job.id, "snoozed")  # a job whose task is unknown never begins

    def _make_executor(self) -> Executor:
        # Without noise a jittered delay is its middle, so that a test can name the instant of a retry.
        return Executor(self._pools, around=self._around, noise=lambda: 0.5)

    async def _begin(self) -> None:
        self._over.clear()
        await self._rest.start()
        self._dispatcher.begin({})

    async def _end(self) -> None:
        await self._pools.close()
        await self._rest.stop()
        self._held.clear()
        self._over.set()

    def _hear(self, name: str, attributes: dict[str, object]) -> None:
        if name == "job.finished":
            self.outcomes[JobId(str(attributes["job_id"]))] = str(attributes["outcome"])
