"""What was enqueued, as a test wants to see it: the task's name, its arguments by name, and how the job was stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from headrace.app import Headrace
from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
from headrace.model.payload import JsonCodec
from headrace.tasks.task import Task

SHOWN_MAX = 10
"""Jobs shown in the message of a failed assertion: enough to see what went wrong."""

_json = JsonCodec()


class EnqueuedJob(Struct, frozen=True, kw_only=True):
    """A job of this test. ``args`` are the arguments by name, with the defaults the caller left to the function.

    ``delay`` is how far ``run_at`` was ahead when the job was enqueued. ``state`` is where the job is now; ``job`` is
    all of it.
    """

    id: JobId
    task: str
    args: dict[str, Any]
    queue: str
    state: JobState
    delay: timedelta
    run_at: datetime
    job: Job

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.args.items())
        late = f", due in {self.delay}" if self.delay else ""
        return f"{self.task}({shown}) in queue {self.queue}, {self.state}{late}"


class Wanted(Struct, frozen=True, kw_only=True):
    """What a test looks for. Fields that are None, and arguments that are not named, match anything."""

    task: str | None = None
    args: Mapping[str, Any] = {}
    queue: str | None = None
    state: JobState | None = None
    run_at: datetime | None = None
    delay: timedelta | None = None
    within: timedelta = timedelta(0)

    def misfits(self, job: EnqueuedJob) -> list[str]:
        """Why the job is not one of those: empty when it is."""
        found = [] if self.task in (None, job.task) else [f"the task is {job.task}"]
        for name, value in self.args.items():
            if name not in job.args:
                found.append(f"there is no argument {name}")
            elif not _equal(value, job.args[name]):
                found.append(f"{name} is {job.args[name]!r}")
        if self.queue not in (None, job.queue):
            found.append(f"the queue is {job.queue}")
        if self.state not in (None, job.state):
            found.append(f"it is {job.state}")
        if self.run_at is not None and abs(job.run_at - self.run_at) > self.within:
            found.append(f"it is to run at {job.run_at.isoformat()}")
        if self.delay is not None and abs(job.delay - self.delay) > self.within:
            found.append(f"its delay is {job.delay}")
        return found

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.args.items())
        more = [
            *([f"in queue {self.queue}"] if self.queue else []),
            *([f"that is {self.state}"] if self.state else []),
            *([f"to run at {self.run_at.isoformat()}"] if self.run_at else []),
            *([f"with a delay of {self.delay}"] if self.delay is not None else []),
        ]
        return " ".join([f"{self.task or 'any task'}({shown})", *more])


def view(app: Headrace, job: Job) -> EnqueuedJob:
    """A stored job as a test sees it."""
    task = app.tasks.get(job.task)
    return EnqueuedJob(
        id=job.id,
        task=job.task,
        args=_json.decode(job.payload) if task is None else _arguments(task, job),
        queue=job.queue,
        state=job.state,
        delay=job.run_at - job.enqueued_at,
        run_at=job.run_at,
        job=job,
    )


def explain(wanted: Wanted, jobs: Sequence[EnqueuedJob], said: str) -> str:
    """The message of a failed assertion: what was enqueued, nearest first, each with why it does not match."""
    if not jobs:
        return f"{said}; nothing was enqueued at all"
    misfits: Callable[[EnqueuedJob], list[str]] = wanted.misfits
    # Another task is further away than any other difference.
    nearest = sorted(jobs, key=lambda job: (wanted.task not in (None, job.task), len(misfits(job))))
    lines = [f"  {job}" + (f"  <- {'; '.join(why)}" if (why := misfits(job)) else "") for job in nearest[:SHOWN_MAX]]
    more = [f"  and {len(jobs) - SHOWN_MAX} more"] if len(jobs) > SHOWN_MAX else []
    return "\n".join([f"{said}. What was enqueued, nearest first:", *lines, *more])


def _arguments(task: Task[Any, Any], job: Job) -> dict[str, Any]:
    args, kwargs = task.decode(job)
    bound = task.schema.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def _equal(wanted: Any, stored: Any) -> bool:
    """Equal, or equal in the form in which both would be stored: an untyped argument comes back as what JSON knows."""
    if wanted == stored:
        return True
    try:
        return bool(_json.decode(_json.encode(wanted)) == _json.decode(_json.encode(stored)))
    except (TypeError, ValueError, msgspec.MsgspecError):
        return False
