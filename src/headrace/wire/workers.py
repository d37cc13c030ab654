"""Workers: those there are, and the protocol by which a program in any language is one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from headrace.model.job import Progress
from headrace.wire.base import Duration, Levels, Name, Reply, Request, Text
from headrace.wire.jobs import JobIdText
from headrace.wire.queues import QueueName

WorkerName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z0-9._:-]+$", description="The id of a worker.")
]
Slots = Annotated[int, Meta(ge=0, le=1_000)]
Token = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00]*$")]
Line = Annotated[str, Meta(max_length=20_000, pattern="^[^\\x00]*$")]
Order = Literal["work", "quiet", "stop"]


class WorkerNamed(Request, frozen=True, kw_only=True):
    """Which worker."""

    worker: WorkerName


class SetWorkerLog(WorkerNamed, frozen=True, kw_only=True):
    """How much a worker is to log: ``debug``, or ``info,headrace.sqlite=debug`` for single loggers."""

    levels: Levels


class WorkerView(Reply, frozen=True, kw_only=True):
    """A worker that was heard of within the last half minute, as it says of itself."""

    id: str
    hostname: str
    pid: int
    queues: dict[str, int]
    started_at: datetime
    version: str
    running: int
    waiting: int
    backlog: int
    leader: bool
    last_claim_at: datetime | None
    loop_lag_s: float | None
    memory_bytes: int
    problems: tuple[str, ...]
    tasks: tuple[str, ...]
    order: str = "work"


class TaskOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task that a worker can run, told so that others can submit jobs of it.

    ``arguments`` is a JSON Schema of an object, against which submitted arguments are checked.
    """

    name: Name
    queue: QueueName = "default"
    summary: Text = ""
    max_attempts: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    timeout: Duration | None = None
    arguments: dict[str, Any] | None = None


class RegisterWorker(Request, frozen=True, kw_only=True):
    """What a worker is: the queues it serves, with how many jobs at once, and the tasks it can run."""

    queues: Annotated[dict[QueueName, Slots], Meta(min_length=1, max_length=100)]
    tasks: Annotated[list[TaskOffer], Meta(max_length=1_000)] = field(default_factory=list)
    hostname: Text = ""
    pid: Annotated[int, Meta(ge=0, le=2**31)] = 0
    version: Text = ""


class RegisteredWorker(Reply, frozen=True, kw_only=True):
    """The id to work under. The worker is forgotten when it is not heard for ``expires_in_s``."""

    id: str
    expires_in_s: float


class ClaimJobs(WorkerNamed, frozen=True, kw_only=True):
    """How many jobs of which queues, for how long they may be silent, and how long to wait for the first.

    Without ``queues`` it is what the worker registered.
    """

    queues: Annotated[dict[QueueName, Slots], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    lease: Duration = "30s"
    wait: Duration | None = None


class ClaimedJob(Reply, frozen=True, kw_only=True):
    """A job to run. ``token`` is the right to finish it, and is sent with everything about it.

    ``args`` is as it was submitted, by name. What is not JSON is in ``payload``, as base64, by the codec of that name.
    """

    id: str
    token: str
    lease_expires_at: datetime
    task: str
    queue: str
    args: Any
    attempt: int
    max_attempts: int
    priority: int
    enqueued_at: datetime
    task_version: int
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    partition: str | None = None
    timeout_s: float | None = None
    correlation_id: str = ""
    trace: str | None = None
    wakes: int = 0
    codec: str = "json"
    payload: bytes | None = None


class ClaimedJobs(Reply, frozen=True, kw_only=True):
    """Jobs to run; none when there were none in time. ``order`` other than ``work``: claim no more, or stop."""

    jobs: list[ClaimedJob]
    order: Order = "work"


class LeaseRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claimed job, and the token that came with it."""

    id: JobIdText
    token: Token


class HeartbeatLeases(WorkerNamed, frozen=True, kw_only=True):
    """The jobs that the worker still runs; each lease is extended to that long from now."""

    leases: Annotated[list[LeaseRef], Meta(max_length=1_000)] = field(default_factory=list)
    extend: Duration = "30s"


class HeldLease(Reply, frozen=True, kw_only=True):
    """A lease. ``held`` False: another worker may have the job by now, stop working on it.

    ``cancel_reason`` is not null when someone asked for the job to be cancelled.
    """

    id: str
    held: bool
    expires_at: datetime | None = None
    cancel_reason: str | None = None


class HeldLeases(Reply, frozen=True, kw_only=True):
    """Answer *i* is for lease *i*. ``order`` other than ``work``: claim no more, or stop."""

    leases: list[HeldLease]
    order: Order = "work"


class ErrorReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an attempt failed."""

    type: Annotated[str, Meta(min_length=1, max_length=300, pattern="^[^\\x00]*$")] = "Error"
    message: Line = ""
    traceback: Annotated[str, Meta(max_length=100_000, pattern="^[^\\x00]*$")] = ""


class Completed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="completed", forbid_unknown_fields=True):
    """The job is done. ``result`` is kept for those who ask."""

    result: Any = None


class Failed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="failed", forbid_unknown_fields=True):
    """The attempt failed. Retried after ``retry_in``; not at all where that is null; and where it is left out, later
    each time, as long as attempts are left."""

    error: ErrorReport
    retry_in: Duration | UnsetType | None = UNSET


class Snoozed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="snoozed", forbid_unknown_fields=True):
    """Run it again after ``delay``; no attempt is counted."""

    delay: Duration
    reason: Text = ""


class Cancelled(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cancelled", forbid_unknown_fields=True):
    """It was stopped because it was told to."""

    reason: Text = "cancelled by its worker"


class Discarded(Struct, frozen=True, kw_only=True, tag_field="kind", tag="discarded", forbid_unknown_fields=True):
    """No retry can help: it is dead at once."""

    reason: Text
    error: ErrorReport | None = None


class Released(Struct, frozen=True, kw_only=True, tag_field="kind", tag="released", forbid_unknown_fields=True):
    """It was not run, through no fault of its own: it is queued again, and no attempt is counted."""


WireOutcome = Completed | Failed | Snoozed | Cancelled | Discarded | Released


class UsageReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an attempt used of its host, as far as its worker can tell: processor time, and memory at most."""

    cpu_s: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    peak_rss_bytes: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class FinishJob(LeaseRef, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a claimed job has ended, and what it used."""

    outcome: WireOutcome
    usage: UsageReport | None = None


class FinishJobs(WorkerNamed, frozen=True, kw_only=True):
    """How claimed jobs have ended."""

    jobs: Annotated[list[FinishJob], Meta(min_length=1, max_length=1_000)]


class SettledJobs(Reply, frozen=True, kw_only=True):
    """Answer *i* is for job *i*. ``stale``: the lease was lost, and nothing was changed."""

    settled: list[Literal["applied", "stale"]]


class LogEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line for the log of a job."""

    message: Line
    level: Annotated[str, Meta(max_length=20, pattern="^[a-z]+$")] = "info"


class JobReport(LeaseRef, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a running job is, and what it logs."""

    progress: Progress | None = None
    logs: Annotated[list[LogEntry], Meta(max_length=1_000)] = field(default_factory=list)


class ReportJobs(WorkerNamed, frozen=True, kw_only=True):
    """News of running jobs."""

    jobs: Annotated[list[JobReport], Meta(min_length=1, max_length=1_000)]
