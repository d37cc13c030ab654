"""The worker protocol: claims that wait, leases that go over the wire, and outcomes that come back.

A worker in another language is a worker like any other: it has a record, leases with tokens and heartbeats, and the
store's fence. What a Python worker does in its process is done here for it: choosing when a failed job is retried, and
waiting for work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import random
from typing import Any

import msgspec

from headrace.engine.listener import Listener
from headrace.model.correlation import correlation_of
from headrace.model.ids import JobId, WorkerId
from headrace.model.job import ErrorInfo, Job
from headrace.model.lease import Claim, Lease
from headrace.model.outcome import (
    Cancelled,
    Completed,
    Discarded,
    Failed,
    Finish,
    Outcome,
    Released,
    Snoozed,
)
from headrace.model.retry import Exponential
from headrace.model.usage import UNKNOWN, Usage
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest
from headrace.storage.signals import WORK
from headrace.wire import workers as wire
from headrace.wire.base import duration

LOOK_FIRST_S = 0.5
LOOK_LAST_S = 5.0
"""Signals may be lost, so a claim that waits looks at the store now and then, at first sooner."""

RETRY = Exponential()
"""When a job is retried whose worker does not say so: as a task does that says nothing."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Bell:
    """Wakes claims that wait, when there may be work in one of their queues. One listener serves all of a server."""

    def __init__(self, backend: Backend) -> None:
        self._listener = Listener(backend.signals, (WORK,), self.ring)
        self._waiting: dict[asyncio.Future[None], Mapping[str, int]] = {}

    async def start(self) -> None:
        """Begin to listen. Doing it again changes nothing."""
        await self._listener.start()

    async def stop(self) -> None:
        """Listen no more."""
        await self._listener.stop()

    def ring(self, queue: str) -> None:
        """Wake the one that waits longest for the queue; ``*`` wakes all. Who finds work rings for the next."""
        for future, queues in list(self._waiting.items()):
            if queue == "*" or queue in queues:
                if not future.done():
                    future.set_result(None)
                del self._waiting[future]
                if queue != "*":
                    return

    async def wait(self, queues: Mapping[str, int], timeout: float) -> None:
        """Until it rings for one of the queues, or the time is over."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = queues
        try:
            await asyncio.wait([future], timeout=timeout)
        finally:
            self._waiting.pop(future, None)
            future.cancel()


async def claim(
    backend: Backend,
    bell: Bell,
    worker: WorkerId,
    demand: Mapping[str, int],
    *,
    lease: timedelta,
    wait: float,
    closing: asyncio.Event,
) -> list[Claim]:
    """Claim, and wait for up to ``wait`` seconds until there is something. A caller that goes away loses nothing."""
    request = ClaimRequest(worker=worker, demand=demand, lease_for=lease)
    loop = asyncio.get_running_loop()
    over, pause = loop.time() + wait, LOOK_FIRST_S
    while True:
        claims = await _claim_whole(backend, request)
        left = over - loop.time()
        if claims or left <= 0 or closing.is_set():
            for queue in {each.job.queue for each in claims}:
                bell.ring(queue)
            return claims
        await bell.wait(demand, min(left, pause * (0.9 + 0.2 * random())))
        pause = min(LOOK_LAST_S, pause * 2)


async def _claim_whole(backend: Backend, request: ClaimRequest) -> list[Claim]:
    """A claim whose caller may go away meanwhile: what it brought then is given back, and no attempt is lost."""
    claiming = asyncio.ensure_future(backend.jobs.claim(request))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        claims = await claiming
        if claims:
            await backend.jobs.finish_many([Finish(lease=each.lease, outcome=Released()) for each in claims])
        raise


def claimed_job(claim: Claim) -> wire.ClaimedJob:
    """A claim as it goes over the wire."""
    job = claim.job
    arguments, payload = _arguments(job)
    return wire.ClaimedJob(
        id=job.id,
        token=claim.lease.token,
        lease_expires_at=claim.lease.expires_at,
        task=job.task,
        queue=job.queue,
        args=arguments,
        payload=payload,
        codec=job.codec,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        priority=job.priority,
        enqueued_at=job.enqueued_at,
        task_version=job.task_version,
        tags=job.tags,
        meta=dict(job.meta),
        partition=job.partition,
        timeout_s=None if job.timeout is None else job.timeout.total_seconds(),
        correlation_id=correlation_of(job),
        trace=job.trace,
        wakes=job.wakes,
    )


def lease_of(ref: wire.LeaseRef) -> Lease:
    """The lease that a worker names. Stores look at the id and the token; when it runs out they know themselves."""
    return Lease(job_id=JobId(ref.id), token=ref.token, expires_at=_LONG_AGO)


def outcome_of(told: wire.WireOutcome, job: Job | None) -> Outcome:
    """The outcome that a worker tells; ``job`` is for the retry of one that failed. Raises ConfigError."""
    match told:
        case wire.Completed():
            return Completed(result=None if told.result is None else msgspec.json.encode(told.result))
        case wire.Failed():
            return Failed(error=_error(told.error), retry_in=_retry_in(told, job))
        case wire.Snoozed():
            return Snoozed(delay=duration("delay", told.delay) or timedelta(0), reason=told.reason)
        case wire.Cancelled():
            return Cancelled(reason=told.reason)
        case wire.Discarded():
            return Discarded(reason=told.reason, error=None if told.error is None else _error(told.error))
        case wire.Released():
            return Released()


def usage_of(told: wire.UsageReport | None) -> Usage:
    """What a worker says that the attempt used."""
    return UNKNOWN if told is None else Usage(cpu_s=told.cpu_s, peak_rss_bytes=told.peak_rss_bytes)


def _retry_in(told: wire.Failed, job: Job | None) -> timedelta | None:
    if not isinstance(told.retry_in, msgspec.UnsetType):
        return duration("retry_in", told.retry_in)
    if job is None or job.attempt >= job.max_attempts:
        return None
    return RETRY.delay(job.attempt, RuntimeError(told.error.message), random())


def _error(told: wire.ErrorReport) -> ErrorInfo:
    return ErrorInfo(type=told.type, message=told.message, traceback=told.traceback)


def _arguments(job: Job) -> tuple[Any, bytes | None]:
    if job.codec == "json":
        return msgspec.Raw(job.payload), None
    if job.codec == "msgpack":
        return msgspec.msgpack.decode(job.payload), None
    return None, job.payload
