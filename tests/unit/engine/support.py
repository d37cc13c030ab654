"""What engine tests share: a small task, a store that fails on demand, and a rig that runs workers."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Sequence
from typing import Any

from headrace.backends.memory import MemoryBackend
from headrace.config import WorkerConfig
from headrace.engine.runnable import ExecutorKind
from headrace.engine.worker import Worker
from headrace.model.batch import BatchOptions
from headrace.model.durations import ZERO, seconds
from headrace.model.ids import JobId, new_job_id
from headrace.model.job import Job, NewJob
from headrace.model.lease import Claim
from headrace.model.retry import Fixed, Never, RetryPolicy
from headrace.storage.jobs import ClaimRequest
from headrace.telemetry import Telemetry

PATIENCE_S = 20.0
"""What should happen at once is given this long before the test is red."""


class FakeTask:
    """The smallest thing a worker can run: arguments and results are JSON."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        executor: ExecutorKind | None = None,
        retry: RetryPolicy | None = None,
        name: str | None = None,
    ) -> None:
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self.executor = executor or (ExecutorKind.LOOP if self.is_async else ExecutorKind.THREAD)
        self.retry: RetryPolicy = retry or Never()
        self.name = name or function.__name__
        self.version = 1
        self.needs: dict[str, Any] = {}
        self.surroundings = None
        self.batch: BatchOptions | None = None
        self.reference = f"{function.__module__}:{self.name}_task"

    def conceal(self, job: Job, text: str) -> str:
        return text

    def decode(self, job: Job) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tuple(json.loads(job.payload)), {}

    def encode_result(self, value: Any) -> tuple[bytes | None, str]:
        return (None if value is None else json.dumps(value).encode()), "json"


class FaultyJobs:
    """A job store whose calls fail as often as told."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.faults: dict[str, list[Exception]] = {}
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self.faults.get(name):
                raise self.faults[name].pop(0)
            return await real(*args, **kwargs)

        return call


class Rig:
    """Tasks, a store, and workers that run them."""

    def __init__(self, backend: MemoryBackend) -> None:
        self.backend = backend
        self.jobs = FaultyJobs(backend.jobs)
        backend.jobs = self.jobs  # type: ignore[assignment]
        self.tasks: dict[str, FakeTask] = {}
        self.telemetry = Telemetry()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.workers: list[Worker] = []
        self._news = asyncio.Condition()
        self._pending: set[asyncio.Task[None]] = set()
        self.settled: set[JobId] = set()
        self._loop = asyncio.get_running_loop()
        self.telemetry.attach(self._hear)

    def _hear(self, name: str, attributes: dict[str, Any]) -> None:
        self.events.append((name, attributes))
        self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        task = asyncio.ensure_future(self._notify())
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    def task(self, function: Callable[..., Any], **options: Any) -> FakeTask:
        """Register a handler."""
        made = FakeTask(function, **options)
        self.tasks[made.name] = made
        return made

    def make_worker(
        self, *, heartbeat_thread: bool = False, watchdog: bool = False, slots: int = 10, **config: Any
    ) -> Worker:
        """A worker that is not started; without threads of its own unless asked for."""
        settings = WorkerConfig(**{"queues": {"default": slots}, "grace": seconds(PATIENCE_S), **config})
        worker = Worker(
            self.backend,
            self.tasks.get,
            settings,
            self.telemetry,
            known_tasks=lambda: list(self.tasks),
            on_settled=self._settled,
            heartbeat_thread=heartbeat_thread,
            watchdog=watchdog,
        )
        self.workers.append(worker)
        return worker

    async def worker(self, **config: Any) -> Worker:
        """A worker that runs."""
        worker = self.make_worker(**config)
        await worker.start()
        return worker

    def _settled(self, ids: Sequence[JobId]) -> None:
        self.settled.update(ids)
        self._tell()

    async def enqueue(self, task: FakeTask | str, *args: Any, **fields: Any) -> JobId:
        """Store a job."""
        job_id = new_job_id()
        name = task if isinstance(task, str) else task.name
        new = NewJob(id=job_id, task=name, payload=json.dumps(args).encode(), **fields)
        await self.backend.jobs.enqueue_many([new])
        return job_id

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait, from event to event, until something is true."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(true)

    async def ended(self, job_id: JobId) -> Job:
        """The job, once its end is stored."""
        await self.until(lambda: job_id in self.settled)
        return await self.job(job_id)

    async def finished(self, job_id: JobId) -> Job:
        """The job, once an attempt is over and stored, whatever comes next."""
        await self.until(lambda: any(n == "job.finished" and a["job_id"] == job_id for n, a in self.events))
        for worker in self.workers:
            await worker._completer.drained()
        return await self.job(job_id)

    async def job(self, job_id: JobId) -> Job:
        """The job as it is."""
        (job,) = await self.backend.reader.get_many([job_id])
        assert job is not None
        return job

    async def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Job:
        """Run one job of a handler in a fresh worker, to its end."""
        task = self.task(function, **options)
        job_id = await self.enqueue(task, *args)
        if not self.workers:
            await self.worker()
        return await self.ended(job_id)

    async def close(self) -> None:
        """Stop the workers."""
        for worker in self.workers:
            await worker.stop(now=True)
        if self._pending:
            await asyncio.wait(list(self._pending))


async def claim_one(backend: MemoryBackend, *, worker: str = "w-other", lease: float = 30) -> Claim:
    """Claim a job as another worker would."""
    request = ClaimRequest(worker=worker, demand={"default": 1}, lease_for=seconds(lease))
    (claim,) = await backend.jobs.claim(request)
    return claim


ONCE_MORE = Fixed(every=ZERO, attempts=2)
