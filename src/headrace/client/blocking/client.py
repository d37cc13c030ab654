# Made from headrace/client/aio/client.py by tests/client/unasync.py. Change that file, and run it again.
"""The client: jobs, and the way to everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload

import httpx2

from headrace.client.blocking.bulk import Bulk
from headrace.client.blocking.events import Events
from headrace.client.blocking.handle import RemoteJob
from headrace.client.blocking.keys import Keys
from headrace.client.blocking.limits import Limits
from headrace.client.blocking.queues import Queues
from headrace.client.blocking.schedules import Schedules
from headrace.client.blocking.sending import Sender
from headrace.client.blocking.triage import Triage
from headrace.client.core.changes import RemoteEdits, edit_request, unchanged
from headrace.client.core.request import request
from headrace.client.core.results import SLICE_S, too_late, value_of
from headrace.client.core.retries import RETRIES_DEFAULT
from headrace.client.core.task_call import TaskCall, as_call, seconds_text
from headrace.errors import ConfigError, HeadraceError
from headrace.model import reasons
from headrace.model.job import LogLine
from headrace.model.page import PAGE_LIMIT_DEFAULT
from headrace.model.several import several
from headrace.wire.base import Listed, PageOf
from headrace.wire.errors import ErrorGroupView, ListErrors
from headrace.wire.jobs import (
    AttemptView,
    CancelJob,
    ChangedJob,
    DiscardJob,
    GetResult,
    JobDetail,
    JobResult,
    JobSummary,
    ListJobs,
    SubmitJobs,
    SubmittedJob,
    SubmittedJobs,
)
from headrace.wire.logs import LogLevels, SetLogLevels
from headrace.wire.stores import ExplanationView, StoreView
from headrace.wire.tasks import TaskDetail, TaskSummary
from headrace.wire.workers import SetWorkerLog, WorkerView

T = TypeVar("T")

ORDERS = ("quiet", "stop", "work")
TIMEOUT_DEFAULT = timedelta(seconds=10)


class Client(Queues, Limits):
    """A headrace server, by its address. Methods are named as those of :class:`~headrace.Headrace`.

    url: where it listens, such as ``http://127.0.0.1:8080``.
    token: an API key, or the token of the server; see ``headrace key create``.
    timeout: for a connection, and for each answer, beside the time that a call asks the server to wait.
    retries: how often a request is sent again, with growing pauses, where that is safe: reads, changes that mean the
        same twice, and every enqueue, because its job has an id before it is sent.
    transport: another way to the server, for tests: ``httpx2.MockTransport(answer)``.

    Raises what the library raises: JobNotFound, UnknownTask, InvalidArguments, ConfigError. Unavailable where no answer
    comes, AccessDenied for a token or a key that will not do, and ServiceError for what the server should not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: timedelta = TIMEOUT_DEFAULT,
        retries: int = RETRIES_DEFAULT,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._sender = Sender(url, token=token, timeout=timeout, retries=retries, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections. Twice does nothing."""
        self._sender.close()

    @property
    def url(self) -> str:
        """Where the server listens."""
        return self._sender.url

    @cached_property
    def schedules(self) -> Schedules:
        """The schedules."""
        return Schedules(self._sender)

    @cached_property
    def bulk(self) -> Bulk:
        """Changes to all jobs that match a search."""
        return Bulk(self._sender)

    @cached_property
    def events(self) -> Events:
        """Job events, as they happen."""
        return Events(self._sender)

    @cached_property
    def triage(self) -> Triage:
        """What people say of groups of errors."""
        return Triage(self._sender)

    @cached_property
    def keys(self) -> Keys:
        """The API keys."""
        return Keys(self._sender)

    def enqueue(self, task: str | TaskCall, /, *args: Any, **kwargs: Any) -> RemoteJob:
        """Enqueue a job: ``enqueue("greet", "Ada")``, or ``enqueue(call("greet", "Ada").options(queue="mail"))``.

        It is stored durably when this returns. Raises UnknownTask, InvalidArguments, ConfigError for an option, and
        IdempotencyConflict.
        """
        message = as_call(task, args, kwargs).message()
        asked = request("POST", "/v1/jobs", SubmittedJob, message, safe=True)
        reply, again = self._sender.send_and_count(asked)
        return self._handle(reply, message.job_id, again)

    def enqueue_many(self, calls: Iterable[TaskCall]) -> list[RemoteJob]:
        """Enqueue up to 1,000 calls, all or none; answer *i* is for call *i*."""
        messages = [each.message() for each in calls]
        if not messages:
            return []
        asked = request("POST", "/v1/jobs/batch", SubmittedJobs, SubmitJobs(jobs=messages), safe=True)
        reply, again = self._sender.send_and_count(asked)
        return [self._handle(job, message.job_id, again) for job, message in zip(reply.jobs, messages, strict=True)]

    def job(self, job_id: str) -> RemoteJob:
        """A handle for a job that is known by its id. Nothing is asked yet."""
        return RemoteJob(self, job_id)

    def get(self, job_id: str) -> JobDetail:
        """The job as it is now, with its arguments and its result. Raises JobNotFound."""
        return self._sender.send(request("GET", "/v1/jobs/{id}", JobDetail, id=job_id))

    def find(
        self, where: str = "", *, cursor: str | None = None, limit: int = PAGE_LIMIT_DEFAULT
    ) -> PageOf[JobSummary]:
        """A page of the jobs that match a search such as ``"state:dead task:mail.* since:2h"``, newest first.

        For the next page hand in ``next_cursor`` as ``cursor``. Raises QueryError that points at what cannot be read.
        """
        message = ListJobs(query=where, cursor=cursor, limit=limit)
        return self._sender.send(request("GET", "/v1/jobs", PageOf[JobSummary], message))

    def find_all(self, where: str = "") -> Iterator[JobSummary]:
        """Every job that matches, newest first, page after page."""
        cursor: str | None = None
        while True:
            page = self.find(where, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    @overload
    def result(self, job_id: str, timeout: float | timedelta | None = None) -> Any: ...
    @overload
    def result(self, job_id: str, timeout: float | timedelta | None = None, *, type: type[T]) -> T: ...

    def result(self, job_id: str, timeout: float | timedelta | None = None, *, type: Any = Any) -> Any:  # noqa: A002
        """Wait until the job has ended, and answer what its handler returned. See ``RemoteJob.result``."""
        return value_of(self.settled(job_id, timeout), type)

    def settled(self, job_id: str, timeout: float | timedelta | None = None) -> JobResult:
        """How the job has ended, once it has. Raises JobNotFound, and TimeoutError after ``timeout``."""
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        end = None if limit is None else self._sender.clock() + limit
        while True:
            left = SLICE_S if end is None else max(0.0, min(SLICE_S, end - self._sender.clock()))
            message = GetResult(id=job_id, wait=seconds_text(timedelta(seconds=left)))
            asked = request("GET", "/v1/jobs/{id}/result", JobResult, message, wait_s=left, id=job_id)
            found = self._sender.send(asked)
            if found.ended:
                return found
            if end is not None and limit is not None and self._sender.clock() >= end:
                raise too_late(job_id, limit)

    def attempts(self, job_id: str) -> list[AttemptView]:
        """The ended attempts of a job, oldest first, with their tracebacks."""
        found = self._sender.send(request("GET", "/v1/jobs/{id}/attempts", Listed[AttemptView], id=job_id))
        return list(found.items)

    def logs(self, job_id: str) -> list[LogLine]:
        """What the job's handler logged, oldest first."""
        found = self._sender.send(request("GET", "/v1/jobs/{id}/logs", Listed[LogLine], id=job_id))
        return list(found.items)

    def explain(self, job_id: str) -> ExplanationView:
        """Why the job is not running, or what it does if it is."""
        return self._sender.send(request("GET", "/v1/jobs/{id}/explain", ExplanationView, id=job_id))

    def error_groups(self, where: str = "", *, limit: int = PAGE_LIMIT_DEFAULT) -> list[ErrorGroupView]:
        """The errors of dead jobs, and of those to be retried, in groups of equal ones; the most deadly first."""
        message = ListErrors(query=where, limit=limit)
        found = self._sender.send(request("GET", "/v1/errors", Listed[ErrorGroupView], message))
        return list(found.items)

    def cancel(self, ids: Iterable[str], *, reason: str = reasons.CANCELLED) -> list[ChangedJob]:
        """Cancel jobs that have not begun, and ask the workers of running ones to stop; answer *i* is for id *i*."""
        return [
            self._change("POST", "/v1/jobs/{id}/cancel", job_id, CancelJob(id=job_id, reason=reason), safe=True)
            for job_id in several("ids", ids)
        ]

    def retry(self, ids: Iterable[str], **edits: Unpack[RemoteEdits]) -> list[ChangedJob]:
        """Queue jobs again that are dead, cancelled or expired; with ``edits`` no worker sees them as they were."""
        return [
            self._change("POST", "/v1/jobs/{id}/retry", job_id, edit_request(job_id, edits))
            for job_id in several("ids", ids)
        ]

    def edit(self, ids: Iterable[str], **edits: Unpack[RemoteEdits]) -> list[ChangedJob]:
        """Change jobs that are not running and have not succeeded: ``client.edit([job_id], priority=9)``."""
        return [
            self._change("PATCH", "/v1/jobs/{id}", job_id, edit_request(job_id, edits), safe=True)
            for job_id in several("ids", ids)
        ]

    def discard(self, ids: Iterable[str], *, reason: str = reasons.DISCARDED) -> list[ChangedJob]:
        """End dead jobs as cancelled, so that nobody looks at them again; they can still be retried."""
        return [
            self._change("POST", "/v1/jobs/{id}/discard", job_id, DiscardJob(id=job_id, reason=reason))
            for job_id in several("ids", ids)
        ]

    def delete(self, ids: Iterable[str]) -> list[ChangedJob]:
        """Delete jobs that are not running, with their history."""
        return [self._change("DELETE", "/v1/jobs/{id}", job_id, None) for job_id in several("ids", ids)]

    def tasks(self) -> list[TaskSummary]:
        """The tasks that the server, or any worker, knows."""
        return list(self._sender.send(request("GET", "/v1/tasks", Listed[TaskSummary])).items)

    def task(self, name: str) -> TaskDetail:
        """A task, with the schemas of its arguments and its result."""
        return self._sender.send(request("GET", "/v1/tasks/{task}", TaskDetail, task=name))

    def workers(self) -> list[WorkerView]:
        """The workers heard of within the last half minute."""
        return list(self._sender.send(request("GET", "/v1/workers", Listed[WorkerView])).items)

    def order_worker(self, worker_id: str, order: str) -> WorkerView:
        """Tell a worker to be ``quiet`` (claim nothing more), to ``stop`` as SIGTERM does, or to ``work`` again."""
        if order not in ORDERS:
            raise ConfigError(f"order is one of {', '.join(ORDERS)}; got {order!r}")
        asked = request("POST", f"/v1/workers/{{worker}}/{order}", WorkerView, safe=True, worker=worker_id)
        return self._sender.send(asked)

    def set_worker_log(self, worker_id: str, levels: str) -> WorkerView:
        """Change what a worker logs while it runs: ``debug``, or ``info,headrace.sqlite=debug`` for single loggers."""
        message = SetWorkerLog(worker=worker_id, levels=levels)
        asked = request("POST", "/v1/workers/{worker}/log-level", WorkerView, message, safe=True, worker=worker_id)
        return self._sender.send(asked)

    def log_levels(self) -> str:
        """What the server logs, as ``set_log_levels`` takes it."""
        return self._sender.send(request("GET", "/v1/log-levels", LogLevels)).levels

    def set_log_levels(self, levels: str) -> str:
        """Change what the server logs while it runs; what holds then. Loggers that are not named keep theirs."""
        message = SetLogLevels(levels=levels)
        return self._sender.send(request("PUT", "/v1/log-levels", LogLevels, message)).levels

    def store(self) -> StoreView:
        """How the server's store is, and what it holds."""
        return self._sender.send(request("GET", "/v1/store", StoreView))

    def _change(self, method: str, path: str, job_id: str, message: Any, *, safe: bool = False) -> ChangedJob:
        """What became of a change; a job whose state does not allow it, or that is not there, is no error here."""
        try:
            return self._sender.send(request(method, path, ChangedJob, message, safe=safe, id=job_id))
        except HeadraceError as error:
            return unchanged(job_id, error)

    def _handle(self, reply: SubmittedJob, sent_id: Any, again: int) -> RemoteJob:
        # Sent again after its answer was lost, the job finds itself: that is no duplicate to whom it belongs.
        duplicate = reply.duplicate and not (again and reply.id == sent_id)
        return RemoteJob(
            self, reply.id, reply.task, duplicate=duplicate, dropped=reply.dropped, replaced=reply.replaced
        )

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"
