"""Where an app under test lives: a store in memory on which nothing runs unasked."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from headrace.app.settlement import Settlement
from headrace.backends.memory import MemoryBackend
from headrace.backends.memory.jobs import MemoryJobStore
from headrace.backends.memory.place import Place
from headrace.errors import JobNotFound, UsageError
from headrace.model.ids import JobId
from headrace.model.job import Job
from headrace.model.lease import Claim
from headrace.storage.backend import Capabilities
from headrace.storage.clock import Clock
from headrace.storage.jobs import ClaimRequest, JobStore


class StagedJobs(MemoryJobStore):
    """Stores at once what is enqueued with ``connection=``, as if the caller's transaction had been committed."""

    def within(self, connection: object) -> JobStore:
        """This store. A test that rolls back does not see it here; test that on SQLite."""
        return self


class UnclaimedJobs(StagedJobs):
    """Gives no job to a worker that the code under test starts: jobs run when the test says so."""

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        """Nothing."""
        return []


class StagedBackend(MemoryBackend):
    """A memory backend for the harness (``claims``), or for the code under test. Siblings share ``place``."""

    def __init__(self, clock: Clock, place: Place, *, claims: bool) -> None:
        super().__init__(clock=clock, place=place)
        self._claims = claims
        self.jobs = (StagedJobs if claims else UnclaimedJobs)(self._session, self.capabilities)

    @property
    def capabilities(self) -> Capabilities:
        """Those of the memory store, and transactions."""
        return structs.replace(super().capabilities, transactions=True)

    def sibling(self) -> StagedBackend:
        """A backend on the same jobs, not yet open."""
        return StagedBackend(self.clock, self._place, claims=self._claims)


class StagedSettlement(Settlement):
    """Answers what has ended, on any event loop. It never waits: nothing would end meanwhile."""

    def check_loop(self) -> None:
        """Any loop will do: the store is in memory, and nothing here belongs to a loop."""

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def read(self, job_id: JobId) -> Job:
        """The job as it is now. Raises JobNotFound."""
        [job] = await self._backend.reader.get_many([job_id])
        if job is None:
            message = f"the store of this test holds no job {job_id}"
            raise JobNotFound(job_id, message)
        return job

    async def wait(self, job_id: JobId, timeout: float | None) -> Job:
        """The job if it has ended. Raises UsageError otherwise, where production would wait."""
        job = await self.read(job_id)
        if not job.state.final:
            message = (
                f"job {job_id} of task {job.task} is {job.state}, and nothing runs unasked in a test: "
                "await headrace_app.drain() before its result is waited for"
            )
            raise UsageError(message)
        return job

    def settled(self, job_ids: Iterable[JobId]) -> None:
        """Nobody waits."""
