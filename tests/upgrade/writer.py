"""Fills a store with jobs in every state: ``python -m tests.upgrade.writer URL > EXPECTED.json``.

It is run once for each released schema, with the code of that release, and what it made is kept beside this file as SQL
and as JSON. It uses what every release has: an app, the verbs of the stores, schedules.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

import msgspec

from headrace import Headrace
from headrace.model.ids import JobId
from headrace.model.job import ErrorInfo, JobState, LogLine, Progress
from headrace.model.lease import Claim
from headrace.model.outcome import Completed, Failed, Finish, Outcome, Waiting
from headrace.model.queue import QueueSettings, Retention
from headrace.storage.jobs import ClaimRequest, Report
from headrace.tasks.call import Call
from tests.upgrade.tasks import make_app

ERROR = ErrorInfo(
    type="ConnectionError",
    message="the gateway did not answer for order 4711",
    traceback='Traceback (most recent call last):\n  File "shop.py", line 7, in charge\nConnectionError: the gateway…',
)
AGAIN = timedelta(0)
"""A retry at once."""


async def write(app: Headrace) -> list[str]:
    """Make the jobs, and answer their ids."""
    greet, count = app.tasks["greet"], app.tasks["count"]
    ids = [
        await succeeded(app, greet.call("Ada").options(tags=["vip"], meta={"order": 7, "nested": {"a": [1, None]}})),
        await dead(app, greet.call("Grace 🚀").options(max_attempts=2, idempotency_key="grace")),
        await ended(app, count.call([1, 2, 3]), Completed(result=b"\x06", codec="msgpack")),
        await waiting(app, greet.call("Wendy")),
        await running(app, greet.call("Rita").options(queue="of-running"), cancel=False),
        await running(app, greet.call("Charles").options(queue="of-running"), cancel=True),
    ]
    queued = [
        greet.call("Quentin").options(priority=9),
        greet.call("Sofia").options(delay=timedelta(hours=1)),
        greet.call("Paul").options(queue="paused"),
        count.call(list(range(100))).options(timeout=timedelta(minutes=5)),
    ]
    ids += [(await app.enqueue(call)).id for call in queued]
    ids.append((await app.enqueue(greet.call("Carl"))).id)
    await app.backend.jobs.cancel_many([JobId(ids[-1])], reason="not wanted any more")
    ids.append((await app.enqueue(greet.call("Eve").options(expires_in=timedelta(microseconds=1)))).id)
    await app.backend.jobs.expire(limit=10)
    settings = QueueSettings(
        name="paused", paused=True, pause_reason="the printer is away", retention=Retention(dead=timedelta(days=90))
    )
    await app.backend.queues.configure_many([settings])
    await app.schedules.create("nightly", "30 2 * * *", greet.call("night"), timezone="Europe/Paris", misfire="skip")
    return ids


async def begin(app: Headrace, call: Call[Any], queue: str | None = None) -> Claim:
    """Enqueue a job into a queue without queued ones, and claim it."""
    handle = await app.enqueue(call)
    return await claim(app, (await app.get(handle.id)).queue)


async def claim(app: Headrace, queue: str) -> Claim:
    """The one job of a queue that can run."""
    request = ClaimRequest(worker="w-of-the-release-before", demand={queue: 1}, lease_for=timedelta(seconds=5))
    [claimed] = await app.backend.jobs.claim(request)
    return claimed


async def finish(app: Headrace, claimed: Claim, outcome: Outcome) -> None:
    """Settle a claim."""
    await app.backend.jobs.finish_many([Finish(lease=claimed.lease, outcome=outcome)])


async def succeeded(app: Headrace, call: Call[Any]) -> str:
    """A job that failed once, told of its progress, and then succeeded."""
    first = await begin(app, call)
    await finish(app, first, Failed(error=ERROR, retry_in=AGAIN))
    second = await claim(app, first.job.queue)
    line = LogLine(at=second.job.enqueued_at, level="info", message="half way", attempt=2)
    report = Report(lease=second.lease, progress=Progress(done=1, total=2, note="half"), logs=(line, line))
    await app.backend.jobs.report_many([report])
    await finish(app, second, Completed(result=b'"Hello, Ada!"'))
    return first.job.id


async def dead(app: Headrace, call: Call[Any]) -> str:
    """A job that failed at each of its attempts."""
    first = await begin(app, call)
    await finish(app, first, Failed(error=ERROR, retry_in=AGAIN))
    await finish(app, await claim(app, first.job.queue), Failed(error=ERROR))
    return first.job.id


async def ended(app: Headrace, call: Call[Any], outcome: Outcome) -> str:
    """A job with this end."""
    claimed = await begin(app, call)
    await finish(app, claimed, outcome)
    return claimed.job.id


async def waiting(app: Headrace, call: Call[Any]) -> str:
    """A job that waits to be woken."""
    return await ended(app, call, Waiting(seen=0))


async def running(app: Headrace, call: Call[Any], *, cancel: bool) -> str:
    """A job whose worker will never be heard of again."""
    claimed = await begin(app, call)
    if cancel:
        await app.backend.jobs.cancel_many([claimed.job.id], reason="enough")
    return claimed.job.id


async def main(url: str) -> None:
    async with make_app(url) as app:
        ids = await write(app)
        jobs = [
            {
                "job": msgspec.to_builtins(await app.get(job_id)),
                "attempts": msgspec.to_builtins(await app.attempts(job_id)),
                "logs": msgspec.to_builtins(await app.logs(job_id)),
            }
            for job_id in ids
        ]
        assert {each["job"]["state"] for each in jobs} == {state.value for state in JobState}
        sys.stdout.write(f"{msgspec.json.format(msgspec.json.encode(jobs), indent=1).decode()}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
