"""What must hold for a store that an earlier release wrote, once its schema is this release's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from headrace import Headrace, JobState
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from headrace.testing.clock import FrozenClock
from tests.upgrade.tasks import QUEUES, make_app

HERE = Path(__file__).parent
WRITTEN = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
"""Within the windows of the keys in the files beside this one."""

TIME_LIMIT_S = 60.0


def kept(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text("utf-8")


async def reads_everything(url: str, name: str) -> None:
    """Every job, attempt and log line is as the release that wrote it read it; what is new since has its default."""
    async with make_app(url) as app:
        for expected in json.loads(kept(name)):
            job_id = expected["job"]["id"]
            found = {
                "job": await app.get(job_id),
                "attempts": await app.attempts(job_id),
                "logs": await app.logs(job_id),
            }
            lacking = missing(expected, json.loads(msgspec.json.encode(found)))
            assert not lacking, lacking
            assert (await app.explain(job_id)).sentence
        counts = {(each.queue, each.state): each.count for each in await app.counts()}
        assert sum(counts.values()) == len(json.loads(kept(name)))
        [paused] = [queue for queue in await app.queues() if queue.name == "paused"]
        assert (paused.paused, paused.pause_reason) == (True, "the printer is away")
        assert paused.retention is not None
        assert paused.retention.dead == timedelta(days=90)
        [nightly] = await app.schedules.list()
        assert (nightly.name, len(await app.schedules.next("nightly"))) == ("nightly", 5)


async def keys_still_hold(open_with: Callable[[Clock], Backend]) -> None:
    """Within its window an idempotency key answers the job of before."""
    app = Headrace(backend=open_with(FrozenClock(WRITTEN)))
    greet = app.task(name="greet", queue="mail")(_greet)
    async with app:
        again = await app.enqueue(greet.call("Grace 🚀").options(idempotency_key="grace"))
        assert again.duplicate
        assert (await app.get(again.id)).state is JobState.DEAD


async def _greet(name: str) -> str:
    return f"Hello, {name}!"


async def finishes_everything(url: str, name: str) -> None:
    """Every job that has not succeeded can be run to its end; the one whose cancellation was asked for is cancelled."""
    jobs = {each["job"]["id"]: each["job"] for each in json.loads(kept(name))}
    async with make_app(url) as app, app.worker(queues=list(QUEUES)):
        await bring_back(app, jobs)
        async with asyncio.timeout(TIME_LIMIT_S):
            ends = {job_id: await app.settled(job_id) for job_id, job in jobs.items() if job["state"] != "succeeded"}
        for job_id, job in ends.items():
            asked = jobs[job_id]["cancel_requested"]
            assert job.state is (JobState.CANCELLED if asked else JobState.SUCCEEDED)
            if not asked:
                assert app.result_of(job) == expected_result(app, jobs[job_id])
        lost = [job_id for job_id, job in jobs.items() if job["state"] == "running"]
        assert [(await app.attempts(job_id))[0].outcome for job_id in lost] == ["lost", "lost"]


async def bring_back(app: Headrace, jobs: dict[str, dict[str, Any]]) -> None:
    """What a person does so that nothing is left: retry, wake, run now, resume."""
    ids: dict[str, list[str]] = {}
    for job_id, job in jobs.items():
        ids.setdefault(job["state"], []).append(job_id)
    changes = [
        *await app.retry([*ids["dead"], *ids["cancelled"], *ids["expired"]]),
        *await app.wake(ids["waiting"]),
    ]
    assert all(change.changed for change in changes)
    # It may have become due by itself, depending on when this runs.
    await app.edit(ids["scheduled"], run_at=datetime.now(UTC))
    await app.resume("paused")


def expected_result(app: Headrace, job: dict[str, Any]) -> Any:
    """What the handler answers for the arguments that were stored."""
    task = app.tasks[job["task"]]
    args, kwargs = task.arguments(msgspec.convert(job["payload"], bytes, strict=False))
    (argument,) = (*args, *kwargs.values())
    return f"Hello, {argument}!" if task.name == "greet" else sum(argument)


def missing(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where what was found is not at least what was expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            each for key, value in expected.items() for each in missing(value, found.get(key, "…"), f"{place}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [each for number, (one, other) in pairs for each in missing(one, other, f"{place}[{number}]")]
    return [] if expected == found else [f"{place}: {expected!r} was stored, {found!r} is read"]
