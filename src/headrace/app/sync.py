"""The app for code without an event loop: a thread of its own runs one, on a sibling of the app's backend."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from headrace.app.desk import JobDesk
from headrace.app.limiting import Figures, QueueOptions
from headrace.app.loop_thread import LoopThread
from headrace.app.migration import Migration, Misfit
from headrace.app.naming import PlainArguments
from headrace.app.sync_handle import SyncJobHandle
from headrace.engine.registry import WorkerRecord
from headrace.engine.run_now import run_now
from headrace.errors import UsageError
from headrace.model import reasons
from headrace.model.catalogue import TaskRecord
from headrace.model.edits import Edits
from headrace.model.errors import ErrorGroup
from headrace.model.explanation import Explanation
from headrace.model.job import Attempt, Job, JobState, LogLine
from headrace.model.limits import LimitTarget, LimitUsage
from headrace.model.operation import Operation
from headrace.model.page import PAGE_LIMIT_DEFAULT, Page
from headrace.model.queue import JobCount, QueueSettings, QueueStats
from headrace.model.search import Query
from headrace.storage.jobs import Changed
from headrace.tasks.call import Call

if TYPE_CHECKING:
    from headrace.app.sync_bulk import SyncBulk
    from headrace.app.sync_events import SyncEvents
    from headrace.app.sync_keys import SyncKeys
    from headrace.app.sync_schedules import SyncSchedules
    from headrace.app.sync_triage import SyncTriage
    from headrace.app.sync_webhooks import SyncWebhooks

R = TypeVar("R")
T = TypeVar("T")


class SyncDesk:
    """``app.sync``: every call blocks its thread until it is done; any number of threads may call at once.

    It opens by itself at the first call and closes at the end of the program, or sooner by ``close``. On a thread
    whose event loop is running every call raises UsageError, because it would stop that loop; use the app there.

    >>> from headrace.app import Headrace
    >>> app = Headrace("memory://")
    >>> @app.task(name="greet")
    ... def greet(name: str) -> str:
    ...     return f"Hello, {name}!"
    >>> with app.sync:
    ...     job = app.sync.enqueue(greet.call("Ada"))
    ...     job.state()
    <JobState.QUEUED: 'queued'>
    """

    def __init__(
        self,
        make_desk: Callable[[], JobDesk],
        make_call: Callable[[JobDesk, str, PlainArguments, int | None], Coroutine[Any, Any, Call[Any]]],
        *,
        webhook_networks: str = "",
    ) -> None:
        self._make_desk = make_desk
        self._make_call = make_call
        self._webhook_networks = webhook_networks
        self._thread: LoopThread | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._registered = False

    @property
    def is_open(self) -> bool:
        """True between the first call and ``close``."""
        return self._thread is not None and self._pid == os.getpid()

    def open(self) -> None:
        """Open now what the first call would open, to meet its errors early. Doing it again changes nothing."""
        self._ready()

    def close(self) -> None:
        """Finish what is under way, and end the thread. The next call opens it again."""
        with self._lock:
            thread, self._thread = self._thread, None
        # In a forked child the thread is not there; its parent ends it.
        if thread is not None and thread.pid == os.getpid():
            thread.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def enqueue(self, call: Call[R], *, connection: object = None) -> SyncJobHandle[R]:
        """Store a call as a job; durable when it returns. See ``Headrace.enqueue``.

        With ``connection``, which stays on this thread, the job is stored within your transaction.
        """
        if connection is None:
            return SyncJobHandle(self, self._run(lambda desk: desk.enqueue(call)))
        return SyncJobHandle(self, self._run_here(lambda desk: desk.enqueue(call, connection=connection)))

    def enqueue_many(self, calls: Iterable[Call[R]], *, connection: object = None) -> list[SyncJobHandle[R]]:
        """Store many calls; handle *i* is for call *i*. See ``Headrace.enqueue_many``."""
        if connection is None:
            handles = self._run(lambda desk: desk.enqueue_many(calls))
        else:
            handles = self._run_here(lambda desk: desk.enqueue_many(calls, connection=connection))
        return [SyncJobHandle(self, handle) for handle in handles]

    def call_by_name(self, name: str, arguments: PlainArguments = (), *, version: int | None = None) -> Call[Any]:
        """A call of the task of that name with plain data. See ``Headrace.call_by_name``."""
        return self._run(lambda desk: self._make_call(desk, name, arguments, version))

    def job(self, job_id: str) -> SyncJobHandle[Any]:
        """A handle from an id."""
        return SyncJobHandle(self, self._ready().desk.job(job_id))

    def result(self, job_id: str, timeout: float | timedelta | None = None) -> Any:
        """Wait until the job has ended, and answer what its handler returned. See ``JobHandle.result``."""
        return self._run(lambda desk: desk.job(job_id).result(timeout))

    def get(self, job_id: str) -> Job:
        """The job as it is now, with its encoded result. Raises JobNotFound."""
        return self._run(lambda desk: desk.get(job_id))

    def settled(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it has ended, however it ended. See ``Headrace.settled``."""
        return self._run(lambda desk: desk.settled(job_id, timeout))

    def find(
        self,
        *,
        states: Iterable[JobState | str] = (),
        queues: Iterable[str] = (),
        tasks: Iterable[str] = (),
        tags: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        where: str | Query | None = None,
        cursor: str | None = None,
        limit: int = PAGE_LIMIT_DEFAULT,
        patience: timedelta | None = None,
    ) -> Page[Job]:
        """A page of jobs, newest first. See ``Headrace.find``."""
        return self._run(
            lambda desk: desk.find(
                states=states,
                queues=queues,
                tasks=tasks,
                tags=tags,
                since=since,
                until=until,
                where=where,
                cursor=cursor,
                limit=limit,
                patience=patience,
            )
        )

    def explain(self, job_id: str) -> Explanation:
        """Why the job is not running. See ``Headrace.explain``."""
        return self._run(lambda desk: desk.explain(job_id))

    def error_groups(self, *, where: str | Query | None = None, limit: int = PAGE_LIMIT_DEFAULT) -> list[ErrorGroup]:
        """The errors of dead jobs in groups. See ``Headrace.error_groups``."""
        return self._run(lambda desk: desk.error_groups(where=where, limit=limit))

    def attempts(self, job_id: str) -> list[Attempt]:
        """The ended attempts of a job, oldest first."""
        return self._run(lambda desk: desk.attempts(job_id))

    def logs(self, job_id: str) -> list[LogLine]:
        """What the job's handler logged, oldest first."""
        return self._run(lambda desk: desk.logs(job_id))

    def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        """How many jobs are in each state of each queue."""
        return self._run(lambda desk: desk.counts(queues=queues))

    def stats(self, *, window: timedelta = timedelta(minutes=1)) -> list[QueueStats]:
        """Every queue at a glance. See ``Headrace.stats``."""
        return self._run(lambda desk: desk.stats(window=window))

    def queues(self) -> list[QueueSettings]:
        """Every queue, with its settings."""
        return self._run(lambda desk: desk.queues())

    def pause(self, queue: str, *, reason: str = "") -> None:
        """Let no job of the queue begin until ``resume``."""
        self._run(lambda desk: desk.pause(queue, reason=reason))

    def resume(self, queue: str) -> None:
        """Let the jobs of a paused queue begin again."""
        self._run(lambda desk: desk.resume(queue))

    def drain(self, queue: str, *, timeout: float | timedelta | None = None) -> dict[JobState, int]:
        """Wait until no job of the queue is queued or running. See ``Headrace.drain``."""
        return self._run(lambda desk: desk.drain(queue, timeout=timeout))

    def purge(
        self,
        queue: str,
        *,
        states: Iterable[JobState | str] = (JobState.SCHEDULED, JobState.QUEUED, JobState.WAITING),
        author: str = "",
    ) -> Operation:
        """Delete the jobs of a queue that are in one of the states now. See ``Headrace.purge``."""
        return self._run(lambda desk: desk.purge(queue, states=states, author=author))

    def configure_queue(self, queue: str, **options: Unpack[QueueOptions]) -> None:
        """Change limits and order of a queue. See ``Headrace.configure_queue``."""
        self._run(lambda desk: desk.configure_queue(queue, **options))

    def limit(self, target: str | LimitTarget, **figures: Unpack[Figures]) -> None:
        """Limit a store, a queue, a task or a key. See ``Headrace.limit``."""
        self._run(lambda desk: desk.limit(target, **figures))

    def remove_limit(self, target: str | LimitTarget) -> bool:
        """Take a limit away; answers whether there was one."""
        return self._run(lambda desk: desk.remove_limit(target))

    def limits(self) -> list[LimitUsage]:
        """Every limit, and how it stands."""
        return self._run(lambda desk: desk.limits())

    def limit_usage(self, target: str | LimitTarget) -> LimitUsage | None:
        """How one limit stands. See ``Headrace.limit_usage``."""
        return self._run(lambda desk: desk.limit_usage(target))

    def cancel(self, ids: Iterable[str], *, reason: str = reasons.CANCELLED) -> list[Changed]:
        """Cancel jobs. See ``Headrace.cancel``."""
        return self._run(lambda desk: desk.cancel(ids, reason=reason))

    def retry(self, ids: Iterable[str], **edits: Unpack[Edits]) -> list[Changed]:
        """Queue dead, cancelled or expired jobs again, edited on the way. See ``Headrace.retry``."""
        return self._run(lambda desk: desk.retry(ids, **edits))

    def edit(self, ids: Iterable[str], **edits: Unpack[Edits]) -> list[Changed]:
        """Change jobs that are not running and have not succeeded. See ``Headrace.edit``."""
        return self._run(lambda desk: desk.edit(ids, **edits))

    def discard(self, ids: Iterable[str], *, reason: str = reasons.DISCARDED) -> list[Changed]:
        """End dead jobs as cancelled."""
        return self._run(lambda desk: desk.discard(ids, reason=reason))

    def wake(self, ids: Iterable[str]) -> list[Changed]:
        """Queue jobs that are waiting."""
        return self._run(lambda desk: desk.wake(ids))

    def delete(self, ids: Iterable[str]) -> list[Changed]:
        """Delete jobs that are not running, with their history."""
        return self._run(lambda desk: desk.delete(ids))

    @property
    def schedules(self) -> SyncSchedules:
        """What is enqueued by itself. See ``Headrace.schedules``."""
        from headrace.app.sync_schedules import SyncSchedules

        return SyncSchedules(self)

    @property
    def events(self) -> SyncEvents:
        """The journal of job events. See ``Headrace.events``."""
        from headrace.app.sync_events import SyncEvents

        return SyncEvents(self)

    @property
    def bulk(self) -> SyncBulk:
        """Changes to all jobs that match a search. See ``Headrace.bulk``."""
        from headrace.app.sync_bulk import SyncBulk

        return SyncBulk(self)

    @property
    def webhooks(self) -> SyncWebhooks:
        """Endpoints that are told of job events. See ``Headrace.webhooks``."""
        from headrace.app.sync_webhooks import SyncWebhooks

        return SyncWebhooks(self, self._webhook_networks)

    @property
    def triage(self) -> SyncTriage:
        """What people say of groups of errors. See ``Headrace.triage``."""
        from headrace.app.sync_triage import SyncTriage

        return SyncTriage(self)

    @property
    def keys(self) -> SyncKeys:
        """The API keys of the HTTP service. See ``Headrace.keys``."""
        from headrace.app.sync_keys import SyncKeys

        return SyncKeys(self)

    def check_jobs(self) -> list[Misfit]:
        """The stored jobs that this build cannot run. See ``Headrace.check_jobs``."""
        return self._run(lambda desk: desk.check_jobs())

    def migrate_jobs(self, *, dry_run: bool = False) -> Migration:
        """Rewrite the arguments of jobs of older versions. See ``Headrace.migrate_jobs``."""
        return self._run(lambda desk: desk.migrate_jobs(dry_run=dry_run))

    def catalogue(self, *, tasks: Iterable[str] = ()) -> list[TaskRecord]:
        """The tasks that workers of this store have told of, by name."""
        return self._run(lambda desk: desk.catalogue(tasks=tasks))

    def order_worker(self, worker_id: str, order: str) -> None:
        """Tell a worker to be ``quiet``, to ``stop`` or to ``work``. See ``Headrace.order_worker``."""
        self._run(lambda desk: desk.order_worker(worker_id, order))

    def set_worker_log(self, worker_id: str, levels: str) -> None:
        """Change what a worker logs while it runs. See ``Headrace.set_worker_log``."""
        self._run(lambda desk: desk.set_worker_log(worker_id, levels))

    def workers(self) -> list[WorkerRecord]:
        """The workers heard of within the last half minute."""
        return self._run(lambda desk: desk.workers())

    def ask(self, ask: Callable[[JobDesk], Coroutine[Any, Any, T]]) -> T:
        """Run what ``ask`` makes of the open desk on its loop, and wait for the answer: for the parts of this desk."""
        return self._run(ask)

    def _run(self, ask: Callable[[JobDesk], Coroutine[Any, Any, T]]) -> T:
        thread = self._ready()
        return thread.run(ask(thread.desk))

    def _run_here(self, ask: Callable[[JobDesk], Coroutine[Any, Any, T]]) -> T:
        """Drive a coroutine that never suspends on this thread: the caller's connection belongs to it."""
        return run_now(ask(self._ready().desk))

    def _ready(self) -> LoopThread:
        _refuse_on_a_running_loop()
        if self._pid != os.getpid():
            # A forked child has neither the thread nor, perhaps, a lock that anyone will release.
            self._thread, self._lock, self._pid = None, threading.Lock(), os.getpid()
        thread = self._thread
        if thread is not None:
            return thread
        with self._lock:
            if self._thread is None:
                self._thread = LoopThread(self._make_desk)
                self._close_at_exit()
            return self._thread

    def _close_at_exit(self) -> None:
        if self._registered:
            return
        self._registered = True
        # Once atexit's functions run, executors take no work any more, and a store may need one to close. What
        # threading keeps runs before that, latest first, so concurrent.futures must have registered its own end.
        import_module("concurrent.futures.thread")
        register = getattr(threading, "_register_atexit", atexit.register)
        register(self.close)


def _refuse_on_a_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    message = (
        "app.sync would block the event loop that is running on this thread. Use the app itself: await app.enqueue(...)"
    )
    raise UsageError(message)
