"""From what a server tells to what the library holds, so that commands show both alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from headrace.engine.registry import WorkerRecord
from headrace.model.catalogue import TaskRecord
from headrace.model.errors import ErrorGroup
from headrace.model.event import JobEvent
from headrace.model.explanation import Explanation
from headrace.model.ids import JobId, WorkerId
from headrace.model.job import Attempt, ErrorInfo, Job, NewJob
from headrace.model.limits import Limit, LimitTarget, LimitUsage, parse_rate
from headrace.model.operation import JobChanges, Operation, OperationId, OperationItem, Preview
from headrace.model.queue import QueueRate, QueueSettings, QueueStats
from headrace.model.rules import Planned, make_rule
from headrace.model.schedule import Firing, Schedule
from headrace.storage.jobs import Changed
from headrace.wire.errors import ErrorGroupView
from headrace.wire.events import EventView
from headrace.wire.jobs import AttemptView, ChangedJob, JobDetail, JobError, JobSummary
from headrace.wire.keys import KeyView
from headrace.wire.limits import LimitView
from headrace.wire.operations import OperationItemView, OperationView
from headrace.wire.operations import Preview as PreviewView
from headrace.wire.queues import QueueView
from headrace.wire.schedules import FiringView, Occurrence, ScheduleView
from headrace.wire.stores import ExplanationView
from headrace.wire.tasks import TaskDetail, TaskSummary
from headrace.wire.workers import WorkerView

if TYPE_CHECKING:
    from headrace.app.keys import ApiKey


def job(view: JobSummary) -> Job:
    """A job; from a list it has no arguments, as the lists of commands show none."""
    more: dict[str, Any] = {}
    if isinstance(view, JobDetail):
        more = {
            "payload": msgspec.json.encode(view.args),
            "result": None if view.result is None else msgspec.json.encode(view.result),
            "meta": view.meta,
            "claims": view.claims,
            "timeout": _seconds(view.timeout_s),
            "expires_at": view.expires_at,
            "idempotency_key": view.idempotency_key,
            "unique_key": view.unique_key,
            "partition": view.partition,
            "cancel_requested": view.cancel_requested,
            "task_version": view.task_version,
        }
    return Job(
        id=JobId(view.id),
        task=view.task,
        codec="json",
        result_codec="json",
        queue=view.queue,
        state=view.state,
        priority=view.priority,
        attempt=view.attempt,
        max_attempts=view.max_attempts,
        enqueued_at=view.enqueued_at,
        run_at=view.run_at,
        started_at=view.started_at,
        finished_at=view.finished_at,
        worker=view.worker,
        tags=view.tags,
        error=error(view.error),
        reason=view.reason,
        progress=view.progress,
        **{"payload": b"{}", "claims": view.attempt, **more},
    )


def error(view: JobError | None) -> ErrorInfo | None:
    """How an attempt failed."""
    if view is None:
        return None
    return ErrorInfo(
        type=view.type, message=view.message, traceback=view.traceback, fingerprint=view.fingerprint
    )  # fmt: skip


def error_group(view: ErrorGroupView) -> ErrorGroup:
    """Jobs that failed of the same."""
    known = {name: getattr(view, name) for name in ErrorGroup.__struct_fields__}
    return ErrorGroup(**{**known, "samples": tuple(map(JobId, view.samples))})


def attempt(view: AttemptView) -> Attempt:
    """An ended attempt."""
    return Attempt(
        number=view.number,
        outcome=view.outcome,
        worker=view.worker,
        started_at=view.started_at,
        finished_at=view.finished_at,
        error=error(view.error),
        cpu_s=view.cpu_s,
        peak_rss_bytes=view.peak_rss_bytes,
    )


def changed(view: ChangedJob) -> Changed:
    """What became of a change."""
    conflict = None if view.conflict is None else JobId(view.conflict)
    return Changed(id=JobId(view.id), state=view.state, changed=view.changed, conflict=conflict)


def queue(view: QueueView) -> QueueSettings:
    """The settings of a queue."""
    return QueueSettings(
        name=view.name,
        paused=view.paused,
        pause_reason=view.pause_reason,
        paused_at=view.paused_at,
        fair=view.fair,
        ordered=view.ordered,
        ageing=_seconds(view.ageing_s),
    )


def queue_rate(view: QueueView) -> QueueRate:
    """What happened in a queue, within the window that the server tells of."""
    pace = {name: value for name, value in structs.asdict(view.pace).items() if name != "window_s"}
    return QueueRate(queue=view.name, window=timedelta(seconds=view.pace.window_s), **pace)


def queue_stats(view: QueueView, now: datetime) -> QueueStats:
    """A queue at a glance."""
    waiting = _seconds(view.oldest_waiting_s)
    return QueueStats(
        queue=view.name,
        paused=view.paused,
        counts={state: count for state, count in view.counts.items() if count},
        oldest_queued_at=None if waiting is None else now - waiting,
        rate=queue_rate(view),
    )


def limit_usage(view: LimitView) -> LimitUsage:
    """A limit, and how it stands."""
    rate = None if view.rate is None else parse_rate(view.rate)
    return LimitUsage(
        target=LimitTarget.parse(view.target),
        limit=Limit(target=LimitTarget.parse(view.set_for), concurrency=view.concurrency, rate=rate),
        in_use=view.in_use,
        waiting=view.waiting,
        tokens=view.tokens,
        next_token=view.next_token,
        holders=tuple(map(JobId, view.holders)),
    )


def api_key(view: KeyView) -> ApiKey:
    """A key, without the digest of its secret."""
    from headrace.app.keys import ApiKey

    known = {name: getattr(view, name) for name in view.__struct_fields__ if name != "last_used_at"}
    return ApiKey(**{**known, "scopes": frozenset(view.scopes)}, digest="")


def worker(view: WorkerView) -> WorkerRecord:
    """A worker's record."""
    known = {name: getattr(view, name) for name in view.__struct_fields__ if name in WorkerRecord.__struct_fields__}
    return WorkerRecord(**{**known, "id": WorkerId(view.id)})


def task(view: TaskSummary) -> TaskRecord:
    """A task; from a list it has no versions, and says neither where its code is nor what it hides."""
    found = TaskRecord(
        name=view.name,
        version=view.version,
        reference="",
        executor=view.executor,
        queue=view.queue,
        priority=view.priority,
        max_attempts=view.max_attempts,
        timeout_s=view.timeout_s,
        batch_size=view.batch_size,
        summary=view.summary,
        readable=view.readable_versions,
    )
    if not isinstance(view, TaskDetail):
        return found
    return structs.replace(found, reference=view.reference, redact=view.redacts, versions=view.versions)


def explanation(view: ExplanationView) -> Explanation:
    """Why a job is where it is."""
    return Explanation(code=view.code, sentence=view.sentence, evidence=view.evidence, remedy=view.remedy)


def operation(view: OperationView) -> Operation:
    """How far an operation is."""
    known = {name: getattr(view, name) for name in view.__struct_fields__}
    return Operation(**{**known, "id": OperationId(view.id), "changes": JobChanges()})


def operation_item(view: OperationItemView) -> OperationItem:
    """A job that an operation looked at."""
    return OperationItem(job_id=JobId(view.job_id), before=view.before, left_alone=view.left_alone)


def preview(view: PreviewView) -> Preview:
    """What an operation would look at."""
    return Preview(**{name: getattr(view, name) for name in Preview.__struct_fields__})


def schedule(view: ScheduleView) -> Schedule:
    """A schedule; gap and fold of its rule are not told, and not shown."""
    when = view.cron or _seconds(view.every_s) or view.at
    assert when is not None, f"schedule {view.name} has no rule"
    return Schedule(
        name=view.name,
        rule=make_rule(when, timezone=view.timezone) if view.timezone else make_rule(when),
        job=NewJob(id=JobId(""), task=view.task, payload=msgspec.json.encode(view.args), queue=view.queue),
        overlap=view.overlap,
        misfire=view.misfire,
        misfire_after=timedelta(seconds=view.misfire_after_s),
        misfire_limit=view.misfire_limit,
        jitter=timedelta(seconds=view.jitter_s),
        origin=view.origin,
        paused=view.paused,
        pause_reason=view.pause_reason,
        created_at=view.created_at,
        since=view.created_at,
    )


def event(view: EventView) -> JobEvent:
    """A change of a job's state."""
    known = {name: getattr(view, name) for name in view.__struct_fields__}
    return JobEvent(**{**known, "job_id": JobId(view.job_id)})


def planned(view: Occurrence) -> Planned:
    """An occurrence that lies ahead."""
    return Planned(view.at, view.remark or "")


def firing(view: FiringView) -> Firing:
    """What became of an occurrence."""
    return Firing(
        planned=view.planned,
        outcome=view.outcome,
        kind=view.kind,
        reason=view.reason,
        decided_at=view.fired_at or view.planned,
        fired_at=view.fired_at,
        job_id=None if view.job_id is None else JobId(view.job_id),
        key_taken=view.key_taken,
        count=view.count,
        job_state=view.job_state,
    )


def _seconds(count: float | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)
