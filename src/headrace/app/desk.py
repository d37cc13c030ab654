"""The desk: where calls become jobs and handles get their answers, on one backend and one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from headrace.app.operations import Operations
from headrace.app.registry import TaskRegistry
from headrace.app.settlement import Settlement
from headrace.engine.batching import Batcher
from headrace.engine.correlation import correlated
from headrace.engine.middleware import EnqueueNext, Middleware, enqueue_chain, with_identity
from headrace.errors import (
    IdempotencyConflict,
    JobCancelled,
    JobExpired,
    JobFailed,
    TooLarge,
    Unsupported,
    UsageError,
)
from headrace.model.ids import JobId, new_job_id, new_job_ids
from headrace.model.job import Job, JobState, NewJob
from headrace.model.payload import Codecs
from headrace.storage.backend import Backend
from headrace.storage.jobs import Enqueued, JobStore, transactional
from headrace.tasks.call import Call
from headrace.tasks.handle import JobHandle
from headrace.telemetry import Telemetry, Tracer

if TYPE_CHECKING:
    from headrace.app.events import Events
    from headrace.app.schedules import Schedules

R = TypeVar("R")

log = logging.getLogger("headrace")

MakeSettlement = Callable[[Backend], Settlement]

CHUNKS_IN_FLIGHT = 4
"""Enough to keep a store busy while the next chunk is made; few enough that a store that merges them into one
transaction does not hold others up for long."""

CONFLICTS_SHOWN = 3
"""Conflicting calls named in an error; of a thousand, a few say what went wrong."""


class JobDesk(Operations):
    """Opens and closes a backend, enqueues calls on it, and waits for results."""

    def __init__(
        self,
        backend: Backend,
        registry: TaskRegistry,
        codecs: Codecs,
        telemetry: Telemetry,
        *,
        make_settlement: MakeSettlement = Settlement,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        super().__init__(backend, codecs, registry)
        self._middleware = middleware
        self.telemetry = telemetry
        self._make_settlement = make_settlement
        self._batcher = self._make_batcher()
        self._failed = 0

    async def open(self) -> None:
        """Open the store, and make its schema where there is none. Once open, doing it again changes nothing.

        Raises a StorageError that says what is wrong with the store.
        """
        if self._settlement is not None:
            return
        await self._backend.open()
        if self._settlement is None:
            settlement = self._make_settlement(self._backend)
            await settlement.start()
            self._settlement = settlement

    async def close(self) -> None:
        """Store what is being enqueued, stop waiting, and close the store. Doing it again changes nothing."""
        settlement, self._settlement = self._settlement, None
        await self._batcher.close()
        if settlement is not None:
            await settlement.stop()
        await self._backend.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def enqueue(self, call: Call[R], *, connection: object = None) -> JobHandle[R]:
        """Store a call as a job; durable when it returns. Calls enqueued at the same time share one write.

        With ``connection``, your own open one to the same database, the job is stored within your transaction: it
        exists once you commit. Raises Unsupported where the store has no transactions, and IdempotencyConflict when
        the idempotency key is taken by another task or other arguments.
        """
        [job] = correlated([_checked(call).job_with(new_job_id())])
        if connection is not None:
            [reply] = await self._around(self._within(connection).enqueue_many)([job])
        else:
            self._opened()
            if self._middleware or self.telemetry.tracer is not None:
                [reply] = await self._around(self._submit_all)([job])
            else:
                reply = await self._batcher.submit(job)
        if reply.conflict:
            raise IdempotencyConflict(_conflict_text([(job, reply)], 1))
        return self.handle_of(job, reply)

    async def enqueue_many(self, calls: Iterable[Call[R]], *, connection: object = None) -> list[JobHandle[R]]:
        """Store many calls; handle *i* is for call *i*.

        They are stored in chunks of the store's largest batch, each all or nothing: when one raises, others may be
        stored. With ``connection`` everything is within your transaction. Raises IdempotencyConflict, after all else
        is stored, when a key is taken by another task or other arguments.
        """
        checked = [_checked(call) for call in calls]
        most = self.backend.capabilities.max_batch
        chunks = [checked[start : start + most] for start in range(0, len(checked), most)]
        if connection is None:
            jobs, replies = await self._store_in_chunks(chunks)
        else:
            jobs, replies = await _store_within(self._around(self._within(connection).enqueue_many), chunks)
        conflicts = [pair for pair in zip(jobs, replies, strict=True) if pair[1].conflict]
        if conflicts:
            raise IdempotencyConflict(_conflict_text(conflicts, len(jobs)))
        return [self.handle_of(job, reply) for job, reply in zip(jobs, replies, strict=True)]

    async def enqueue_occurrences(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        """Store the jobs of schedules, as ``enqueue`` does: through the middleware, told to listeners, and traced.

        They keep their ids and idempotency keys, whatever middleware does: an occurrence is one job, however often it
        is enqueued. Doing it again changes nothing. What a scheduler calls.
        """
        return await self._around(with_identity(jobs, self._store))(jobs)

    def handle_of(self, job: NewJob, reply: Enqueued) -> JobHandle[Any]:
        """The handle for a job, from the store's reply."""
        return JobHandle(self, reply.id, job.task, reply.duplicate, reply.dropped, reply.replaced)

    def job(self, job_id: str) -> JobHandle[Any]:
        """A handle from an id, for instance one that was kept in another table. The store is not asked."""
        return JobHandle(self, JobId(job_id))

    @property
    def schedules(self) -> Schedules:
        """What is enqueued by itself: make, change, pause and look at schedules while everything runs."""
        from headrace.app.schedules import Schedules

        return Schedules(self)

    @property
    def events(self) -> Events:
        """The journal of job events: switch it on, read it, and watch jobs as they change."""
        from headrace.app.events import Events

        return Events(self)

    async def settled(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it has ended, however it ended. Raises JobNotFound, and TimeoutError after ``timeout`` s."""
        return await self._opened().wait(JobId(job_id), timeout)

    def result_of(self, job: Job) -> Any:
        """What the handler of an ended job returned. Raises JobFailed, JobCancelled or JobExpired if it did not."""
        if job.state is JobState.SUCCEEDED:
            task = self._registry.find(job.task)
            if task is not None:
                return task.decode_result(job)
            return (
                None if job.result is None else self._codecs.get(job.result_codec or job.codec).decode(job.result, Any)
            )
        if job.state is JobState.CANCELLED:
            raise JobCancelled(job.id, f"job {job.id} was cancelled: {job.reason or 'no reason was given'}")
        if job.state is JobState.EXPIRED:
            raise JobExpired(job.id, f"job {job.id} was not started before {job.expires_at}")
        if job.state is not JobState.DEAD:
            message = f"job {job.id} is {job.state}; it has no result yet"
            raise UsageError(message)
        if job.error is not None:
            raise JobFailed(job.id, job.error.type, job.error.message, job.error.traceback)
        raise JobFailed(job.id, "Discard", job.reason or "no reason was given", "")

    def note_settled(self, job_ids: Iterable[JobId]) -> None:
        """Wake who waits for these jobs: told by a worker on this event loop, which knows it before any signal."""
        if self._settlement is not None:
            self._settlement.settled(job_ids)

    def _make_batcher(self) -> Batcher[NewJob, Enqueued]:
        # One bad job must not fail those it happened to be merged with: the batch is then stored one by one.
        able = self._backend.capabilities
        flights = 2 if able.parallel_writes else 1
        return Batcher(self._store, limit=able.max_batch, isolate=(TooLarge, Unsupported), flights=flights)

    async def _store(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        # The store announces the queues that have work now; see headrace.storage.signals.
        try:
            with self.telemetry.span("store.call", operation="enqueue_many"):
                replies = await self._backend.jobs.enqueue_many(jobs)
        except (TooLarge, Unsupported):
            raise  # The caller's mistake, not the store's failure.
        except Exception as error:
            self._tell_failure(len(jobs), error)
            raise
        if self._failed:
            log.info("jobs can be enqueued again; %d could not be", self._failed, extra={"operation": "enqueue_many"})
            self._failed = 0
        if self.telemetry.active:
            self._tell_enqueued(jobs, replies)
        return replies

    def _tell_failure(self, count: int, error: Exception) -> None:
        """Log the first failure of an outage; every caller is told of its own by the exception."""
        level = logging.DEBUG if self._failed else logging.ERROR
        log.log(level, "%d jobs could not be enqueued: %s", count, error, extra={"operation": "enqueue_many"})
        self._failed += count
        if self.telemetry.active:
            self.telemetry.emit("store.error", operation="enqueue_many", error=error)

    def _tell_enqueued(self, jobs: Sequence[NewJob], replies: Sequence[Enqueued]) -> None:
        stored = [job for job, reply in zip(jobs, replies, strict=True) if reply.added]
        tasks: dict[str, dict[str, int]] = {}
        for job in stored:
            queues = tasks.setdefault(job.task, {})
            queues[job.queue] = queues.get(job.queue, 0) + 1
        self.telemetry.emit(
            "job.enqueued", count=len(stored), queues=dict(Counter(job.queue for job in stored)), tasks=tasks
        )

    async def _store_in_chunks(self, chunks: Sequence[Sequence[Call[Any]]]) -> tuple[list[NewJob], list[Enqueued]]:
        """Make the jobs of a chunk while the store still writes those before it.

        Where batches are written at the same time, one with partitions waits for those before it: their jobs may have
        to run in this order.
        """
        parallel = self._backend.capabilities.parallel_writes
        store = self._around(self._store)
        jobs: list[NewJob] = []
        replies: list[Enqueued] = []
        flying: deque[asyncio.Task[list[Enqueued]]] = deque()
        try:
            for chunk in chunks:
                made = _make_jobs(chunk)
                jobs += made
                while parallel and flying and any(job.partition is not None for job in made):
                    replies += await flying.popleft()
                flying.append(asyncio.create_task(store(made)))
                await asyncio.sleep(0)  # lets it leave for the store
                if len(flying) == CHUNKS_IN_FLIGHT:
                    replies += await flying.popleft()
            while flying:
                replies += await flying.popleft()
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)
        return jobs, replies

    def _around(self, store: EnqueueNext) -> EnqueueNext:
        chain = enqueue_chain(self._middleware, store) if self._middleware else store
        return chain if self.telemetry.tracer is None else _traced(self.telemetry.tracer, chain)

    async def _submit_all(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        return list(await asyncio.gather(*map(self._batcher.submit, jobs)))

    def _within(self, connection: object) -> JobStore:
        backend = self.backend
        store = transactional(backend.jobs)
        if store is None or not backend.capabilities.transactions:
            message = (
                f"{backend.url.partition('://')[0]} cannot enqueue within your transaction. Leave connection out, or "
                "use a store that can, such as sqlite or postgresql"
            )
            raise Unsupported(message)
        return store.within(connection)


async def _store_within(
    store: EnqueueNext, chunks: Sequence[Sequence[Call[Any]]]
) -> tuple[list[NewJob], list[Enqueued]]:
    """Chunk after chunk, here and now: the caller's connection belongs to the caller's thread."""
    jobs: list[NewJob] = []
    replies: list[Enqueued] = []
    for chunk in chunks:
        made = _make_jobs(chunk)
        replies += await store(made)
        jobs += made
    return jobs, replies


def _make_jobs(calls: Sequence[Call[Any]]) -> list[NewJob]:
    ids = new_job_ids(len(calls))
    return correlated([call.job_with(job_id) for call, job_id in zip(calls, ids, strict=True)])


def _traced(tracer: Tracer, store: EnqueueNext) -> EnqueueNext:
    async def step(jobs: Sequence[NewJob]) -> list[Enqueued]:
        with tracer.enqueue(jobs) as marked:
            return await store(marked)

    return step


def _checked(call: Any) -> Call[Any]:
    if isinstance(call, Call):
        return call
    message = f"enqueue takes a call, such as app.enqueue(greet.call('Ada')); got {call!r}"
    raise UsageError(message)


def _conflict_text(conflicts: Sequence[tuple[NewJob, Enqueued]], of: int) -> str:
    shown = ", ".join(
        f"{job.idempotency_key!r} of {job.task} (taken by job {reply.id})" for job, reply in conflicts[:CONFLICTS_SHOWN]
    )
    more = f" and {len(conflicts) - CONFLICTS_SHOWN} more" if len(conflicts) > CONFLICTS_SHOWN else ""
    rest = "" if of == 1 else f" {of - len(conflicts)} of the {of} calls are stored."
    return (
        f"the same idempotency key with another task or other arguments: {shown}{more}.{rest} "
        "A key names one piece of work: make it from what identifies the work"
    )
