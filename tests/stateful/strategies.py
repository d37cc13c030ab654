"""What the machine draws: jobs, outcomes and edits, told relative to the clock so that they shrink well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec import Struct

from headrace.model.ids import JobId, format_uuid7
from headrace.model.job import REPLACEABLE_STATES, AttemptOutcome, ErrorInfo, JobState, NewJob, UniqueKey
from headrace.model.limits import Limit, LimitTarget, Rate
from headrace.model.outcome import (
    Cancelled,
    Completed,
    Discarded,
    Failed,
    Outcome,
    Released,
    Snoozed,
    Waiting,
)
from headrace.storage.jobs import JobEdit

T = TypeVar("T")

QUEUES = ("a", "b")
SECOND = timedelta(seconds=1)
ERROR = ErrorInfo(type="ValueError", message="no ł", traceback="line 1\nline 2")

queue_names = st.sampled_from(QUEUES)


def rarely(*values: T) -> st.SearchStrategy[T | None]:
    """Mostly None: were every field drawn evenly, hardly a job could be claimed and the machine would prove little."""
    return st.sampled_from([None] * 6 * len(values) + [*values])


spans = st.sampled_from([0, 1, 30, 60, 600]).map(lambda count: count * SECOND)
offsets = st.sampled_from([-60, -1, 0, 1, 60, 600]).map(lambda count: count * SECOND)
maybe_offsets = st.none() | offsets


class Draft(Struct, frozen=True, kw_only=True):
    """A job to be; instants are offsets from the moment of enqueuing."""

    task: str
    payload: bytes
    queue: str
    priority: int
    run_at: timedelta | None
    delay: timedelta | None
    expires_at: timedelta | None
    expires_in: timedelta | None
    max_attempts: int
    key: str | None
    window: timedelta
    unique: UniqueKey | None
    partition: str | None

    def job(self, job_id: JobId, now: datetime) -> NewJob:
        """The job, as of now. Of two ways to tell an instant, the relative one is dropped."""
        return NewJob(
            id=job_id,
            task=self.task,
            payload=self.payload,
            queue=self.queue,
            priority=self.priority,
            run_at=None if self.run_at is None else now + self.run_at,
            delay=self.delay if self.run_at is None else None,
            expires_at=None if self.expires_at is None else now + self.expires_at,
            expires_in=self.expires_in if self.expires_at is None else None,
            max_attempts=self.max_attempts,
            idempotency_key=self.key,
            idempotency_window=self.window,
            unique=self.unique,
            partition=self.partition,
            tags=(self.task,),
            meta={"of": self.task},
        )


SOLO = "solo"
"""A key that is only ever used with the default states and no period: at most one live job may carry it."""

uniques: st.SearchStrategy[UniqueKey] = st.one_of(
    st.builds(
        UniqueKey,
        key=st.just(SOLO),
        on_conflict=st.sampled_from(["replace", "return", "drop"]),
        push_max=st.sampled_from([None, None, 30 * SECOND]),
    ),
    st.builds(
        UniqueKey,
        key=st.sampled_from(["v", "w"]),
        states=st.sampled_from(
            [
                tuple(sorted(REPLACEABLE_STATES)),
                tuple(JobState),
                (JobState.SUCCEEDED, JobState.DEAD),
                (JobState.WAITING,),
            ]
        ),
        period=st.sampled_from([None, 30 * SECOND, 600 * SECOND]),
        on_conflict=st.sampled_from(["replace", "return", "drop"]),
        push_max=st.sampled_from([None, 30 * SECOND]),
    ),
)

drafts = st.builds(
    Draft,
    task=st.sampled_from(["t", "u"]),
    payload=st.sampled_from([b"1", b"2"]),
    queue=queue_names,
    priority=st.sampled_from([5, 0, 9]),
    run_at=rarely(-60 * SECOND, 0 * SECOND, 60 * SECOND),
    delay=rarely(0 * SECOND, SECOND, 60 * SECOND),
    expires_at=rarely(-SECOND, 600 * SECOND),
    expires_in=rarely(SECOND, 60 * SECOND, 600 * SECOND),
    max_attempts=st.integers(1, 3),
    key=st.sampled_from([None, None, "k1", "k2"]),
    window=st.sampled_from([60, 600, 86_400]).map(lambda count: count * SECOND),
    unique=st.none() | st.none() | uniques,
    partition=st.sampled_from([None, "k1", "k2", "k3"]),
)

plain_outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Completed, result=st.sampled_from([b"1", b"", None])),
    st.builds(
        Failed,
        error=st.just(ERROR),
        retry_in=st.none() | spans,
        outcome=st.sampled_from([AttemptOutcome.FAILED, AttemptOutcome.TIMED_OUT]),
    ),
    st.builds(Snoozed, delay=spans),
    st.builds(Cancelled, reason=st.just("by the handler")),
    st.builds(Discarded, reason=st.just("bad input"), error=st.none() | st.just(ERROR)),
    st.builds(Released),
)
waits = st.tuples(st.sampled_from([0, 0, 1, 2]), maybe_offsets)
"""The wake counter the handler saw, and until when it waits."""


def waiting(wait: tuple[int, timedelta | None], now: datetime) -> Waiting:
    """A wait as of now."""
    seen, until = wait
    return Waiting(seen=seen, until=None if until is None else now + until)


edits: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "queue": queue_names,
        "priority": st.sampled_from([0, 5, 9]),
        "run_at": offsets,
        "expires_at": maybe_offsets,
        "max_attempts": st.integers(1, 3),
        "payload": st.sampled_from([b"1", b"edited"]),
        "tags": st.sampled_from([(), ("x", "y")]),
        "meta": st.sampled_from([{}, {"edited": True}]),
        "task_version": st.integers(1, 3),
        "if_payload": st.sampled_from([b"1", b"edited"]),
    },
)


def edit(job_id: JobId, values: dict[str, Any], now: datetime) -> JobEdit:
    """An edit as of now."""
    instants = {
        name: now + values[name] for name in ("run_at", "expires_at") if isinstance(values.get(name), timedelta)
    }
    return JobEdit(id=job_id, **{**values, **instants})


def numbered_id(number: int) -> JobId:
    """The id of the machine's job ``number``: they sort in the order they are made."""
    return JobId(format_uuid7(number, 0))


targets = st.sampled_from(
    ["store", "queue:a", "queue:b", "task:t", "task:u", "keys:a", "keys:b", "key:a:k1", "key:b:k2", "keys:a", "keys:b"]
).map(LimitTarget.parse)
rates = st.builds(
    Rate, st.sampled_from([1, 2, 3]), per=st.sampled_from([SECOND, 60 * SECOND]), burst=st.sampled_from([None, 1, 4])
)
limits = st.builds(
    Limit,
    target=targets,
    concurrency=st.sampled_from([2, 3, None, 1]),
    rate=st.one_of(st.none(), st.none(), rates),
)
