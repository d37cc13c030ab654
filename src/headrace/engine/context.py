"""What a running handler can ask and tell about its own job: ``current_job()``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NoReturn, Protocol

from headrace.engine.failures import MESSAGE_BYTES_MAX, safe_text
from headrace.engine.run_now import is_asynchronous, run_now
from headrace.errors import UsageError
from headrace.logs.fields import add_fields
from headrace.model.correlation import correlation_of
from headrace.model.ids import JobId
from headrace.model.job import OCCURRENCE_META, ErrorInfo, Job, LogLine, Progress
from headrace.storage.jobs import JOB_LOG_LINES_MAX


class JobContext:
    """A running job, seen by its handler. Safe to use from the handler's thread; nothing here waits or raises.

    Progress and log lines are kept until the worker writes them, about once a second and before the job's end.
    """

    __slots__ = ("_complete", "_job", "_lines", "_mark", "_now", "_progress", "cancel_reason", "deadline")

    def __init__(
        self,
        job: Job,
        *,
        now: Callable[[], datetime],
        mark: Callable[[], None],
        deadline: datetime | None = None,
        cancel_reason: str | None = None,
        complete: Callable[[object, Any], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._job = job
        self._complete = complete
        self._now = now
        self._mark = mark
        self._progress: Progress | None = None
        self._lines: deque[LogLine] = deque(maxlen=JOB_LOG_LINES_MAX)
        self.deadline = deadline
        self.cancel_reason = cancel_reason

    @property
    def id(self) -> JobId:
        """The job's id."""
        return self._job.id

    @property
    def task(self) -> str:
        """The task's name."""
        return self._job.task

    @property
    def queue(self) -> str:
        """The queue the job came from."""
        return self._job.queue

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._job.attempt

    @property
    def max_attempts(self) -> int:
        """How many attempts there can be."""
        return self._job.max_attempts

    @property
    def tags(self) -> tuple[str, ...]:
        """The job's tags."""
        return self._job.tags

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the caller attached to the job."""
        return self._job.meta

    @property
    def occurrence(self) -> datetime | None:
        """The planned instant of the occurrence that this job is of; None for a job that no schedule has made."""
        planned = self._job.meta.get(OCCURRENCE_META)
        return None if planned is None else datetime.fromisoformat(planned)

    @property
    def correlation_id(self) -> str:
        """What connects this job with the work it is part of: see ``correlate``."""
        return correlation_of(self._job)

    @property
    def enqueued_at(self) -> datetime:
        """When the job was enqueued, by the store's clock."""
        return self._job.enqueued_at

    @property
    def error(self) -> ErrorInfo | None:
        """How the last attempt that failed did so; None on the first."""
        return self._job.error

    @property
    def wakes(self) -> int:
        """How often the job had been woken when it was claimed."""
        return self._job.wakes

    @property
    def cancel_requested(self) -> bool:
        """True once the handler should stop: cancelled, out of time, or no longer this worker's job.

        Handlers on the event loop are cancelled and in processes killed; those in threads look here and return.
        ``cancel_reason`` says why.
        """
        return self.cancel_reason is not None

    def complete(self, connection: object, result: Any = None) -> None:
        """End the job as succeeded inside your own open transaction on the same database; you commit.

        The handler's effect and the end of the job are then one: after a crash either both are there, or neither and
        the job runs again. What the handler returns afterwards is not stored. Works in handlers on the event loop and
        in threads, where the store has transactions. Raises Unsupported where it has none, LeaseLost when another
        worker has the job by now (roll back then), and UsageError in a child process, and for a connection that has to
        be awaited: that is for ``complete_async``.
        """
        if is_asynchronous(connection):
            raise UsageError(
                f"{type(connection).__qualname__} is asynchronous: await current_job().complete_async(connection)"
            )
        run_now(self._completion(connection, result))

    async def complete_async(self, connection: object, result: Any = None) -> None:
        """The same on an asynchronous connection or session: asyncpg's, psycopg's or SQLAlchemy's. In handlers on the
        event loop; one that is no other's takes it as well."""
        await self._completion(connection, result)

    def _completion(self, connection: object, result: Any) -> Coroutine[Any, Any, None]:
        if self._complete is None:
            raise UsageError("complete() needs the worker's store, which a child process does not have: use a thread")
        return self._complete(connection, result)

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how far the job is; the last call counts."""
        self._progress = Progress(done=done, total=total, note=safe_text(note, MESSAGE_BYTES_MAX))
        self._mark()

    def log(self, message: str, level: str = "info") -> None:
        """Keep a line with the job. Of very many, the latest are kept."""
        text = safe_text(message, MESSAGE_BYTES_MAX)
        self._lines.append(LogLine(at=self._now(), level=level, message=text, attempt=self._job.attempt))
        self._mark()

    def take(self) -> tuple[Progress | None, tuple[LogLine, ...]]:
        """What was told since the last call. For the engine; it may be called while the handler is telling more."""
        progress, self._progress = self._progress, None
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return progress, tuple(lines)

    def put_back(self, progress: Progress | None, lines: tuple[LogLine, ...]) -> None:
        """Keep what came from elsewhere, a child process, as if the handler had told it here."""
        if progress is not None:
            self._progress = progress
        self._lines.extend(lines)
        self._mark()


class Running(Protocol):
    """What runs a job here. It makes a context when asked, so that jobs that never ask do not pay for one."""

    @property
    def context(self) -> JobContext: ...
    @property
    def job(self) -> Job: ...


running_here: ContextVar[Running | None] = ContextVar("headrace_running_here", default=None)
"""Set by the engine for each job."""


def job_fields(job: Job) -> dict[str, Any]:
    """The fields that a log record about a job carries."""
    return {
        "job_id": job.id,
        "attempt": job.attempt,
        "queue": job.queue,
        "task": job.task,
        "correlation_id": correlation_of(job),
    }


def _fields_here() -> Mapping[str, Any]:
    running = running_here.get()
    return {} if running is None else job_fields(running.job)


# What a handler logs, and what the libraries that it calls log, tells which job it was for.
add_fields(_fields_here)


running_batch: ContextVar[Sequence[Running] | None] = ContextVar("headrace_running_batch", default=None)
"""Set by the engine for each call of a batch handler."""


def current_job() -> JobContext:
    """The job that is running here. Raises UsageError outside one, and in a batch handler, which runs several."""
    maker = running_here.get()
    if maker is None and running_batch.get() is not None:
        no_single_job()
    if maker is None:
        raise UsageError(
            "current_job() works only while a worker runs the job: in its handler, in what that calls, and in the "
            "asyncio tasks it starts. In a thread of your own, run the code in contextvars.copy_context().run(...)."
        )
    return maker.context


def current_batch() -> list[JobContext]:
    """The jobs whose items the batch handler was given, in the same order. Raises UsageError outside a batch handler.

    One that is cancelled meanwhile says so by ``cancel_requested``; its answer is ignored.
    """
    runs = running_batch.get()
    if runs is None:
        raise UsageError("current_batch() works only in a batch handler; in other handlers use current_job()")
    return [run.context for run in runs]


def no_single_job() -> NoReturn:
    """Raise UsageError: a batch handler runs for several jobs."""
    raise UsageError("a batch handler runs for several jobs at once: current_batch() answers one context for each")
