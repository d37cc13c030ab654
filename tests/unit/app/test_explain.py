"""Every job can say why it is not running, and what would change that."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.unit.app.served import serve

from headrace import Headrace, JobState, hours, minutes, seconds
from headrace.app.catalogue import publish_records
from headrace.errors import JobNotFound
from headrace.model.catalogue import TaskRecord
from headrace.model.explanation import Explanation
from headrace.model.ids import JobId, new_job_id
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Discarded, Failed, Snoozed, Waiting
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import LEASE, claim_one, enqueue, finish, job, put_in

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "why-is-it-not-running.md"
REFUSED = ErrorInfo(type="OSError", message="refused")


async def tell(app: Headrace, *, version: int, redact: tuple[str, ...] = ()) -> None:
    """Let a worker have told of the task."""
    record = TaskRecord(
        name="t",
        version=version,
        reference="shop:t",
        executor="loop",
        queue="default",
        priority=5,
        max_attempts=5,
        redact=redact,
    )
    await publish_records(app.backend.kv, [record])


async def queued(app: Headrace, clock: FrozenClock) -> JobId:
    return (await enqueue(app.backend, job()))[0]


async def paused(app: Headrace, clock: FrozenClock) -> JobId:
    await app.pause("default", reason="the relay is down (by ana)")
    return await queued(app, clock)


async def other_queue(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "mail")
    return await queued(app, clock)


async def other_task(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default", tasks=("u", "tt"))
    return await queued(app, clock)


async def known_elsewhere(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default", tasks=("u",))
    await serve(app, "mail", worker="w-2", tasks=("t",))
    return await queued(app, clock)


async def known_before(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default", tasks=("u",))
    await tell(app, version=1)
    return await queued(app, clock)


async def newer(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    await tell(app, version=2)
    return (await enqueue(app.backend, job(task_version=3)))[0]


async def newer_and_put_off(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await newer(app, clock)
    await finish(app.backend, await claim_one(app.backend), Snoozed(delay=minutes(5)))
    return job_id


async def served(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    return await queued(app, clock)


async def behind(app: Headrace, clock: FrozenClock) -> JobId:
    await enqueue(app.backend, *(job() for _ in range(89)))
    for _ in range(30):
        await claim_one(app.backend)
    await serve(app, "default", running=10)
    return await queued(app, clock)


async def behind_what_runs_in_its_queue(app: Headrace, clock: FrozenClock) -> JobId:
    await enqueue(app.backend, *(job() for _ in range(3)))
    await claim_one(app.backend)
    await serve(app, "default", "mail", running=9)
    return await queued(app, clock)


async def expired(app: Headrace, clock: FrozenClock) -> JobId:
    [job_id] = await enqueue(app.backend, job(expires_in=seconds(1)))
    clock.advance(seconds(2))
    return job_id


async def later(app: Headrace, clock: FrozenClock) -> JobId:
    return (await enqueue(app.backend, job(delay=hours(1))))[0]


async def due(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await later(app, clock)
    clock.advance(hours(1))
    return job_id


async def retried(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await queued(app, clock)
    await finish(app.backend, await claim_one(app.backend), Failed(error=REFUSED, retry_in=minutes(5)))
    return job_id


async def snoozed(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await queued(app, clock)
    await finish(app.backend, await claim_one(app.backend), Snoozed(delay=minutes(5)))
    return job_id


async def parked(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await queued(app, clock)
    await finish(app.backend, await claim_one(app.backend), Waiting(seen=0, until=clock.now() + hours(2)))
    return job_id


async def running(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    job_id = await queued(app, clock)
    await claim_one(app.backend)
    clock.advance(seconds(20))
    return job_id


async def cancelling(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await running(app, clock)
    await app.cancel([job_id], reason="enough")
    return job_id


async def unheard(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await running(app, clock)
    clock.advance(minutes(1))
    return job_id


async def silent(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await running(app, clock)
    await serve(app, "default", lease_s=LEASE.total_seconds())
    return job_id


async def exhausted(app: Headrace, clock: FrozenClock) -> JobId:
    [job_id] = await enqueue(app.backend, job(max_attempts=1))
    await finish(app.backend, await claim_one(app.backend), Failed(error=REFUSED))
    return job_id


async def given_up(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await queued(app, clock)
    await finish(app.backend, await claim_one(app.backend), Discarded(reason="no such customer", error=REFUSED))
    return job_id


async def not_retried(app: Headrace, clock: FrozenClock) -> JobId:
    job_id = await queued(app, clock)
    await finish(app.backend, await claim_one(app.backend), Failed(error=REFUSED))
    return job_id


async def lost(app: Headrace, clock: FrozenClock, attempts: int = 1) -> JobId:
    [job_id] = await enqueue(app.backend, job(max_attempts=attempts))
    while (await app.get(job_id)).state is JobState.QUEUED:
        await claim_one(app.backend)
        clock.advance(LEASE)
        await app.backend.jobs.rescue(limit=10, quarantine_after=2)
    return job_id


async def poison(app: Headrace, clock: FrozenClock) -> JobId:
    return await lost(app, clock, attempts=5)


async def at_its_limit(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    await app.limit("task:t", concurrency=1)
    first, second = await enqueue(app.backend, job(), job())
    assert (await claim_one(app.backend)).job.id == first
    return second


async def out_of_tokens(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    await app.limit("queue:default", rate="1/m")
    _, second = await enqueue(app.backend, job(), job())
    await claim_one(app.backend)
    return second


async def behind_its_key(app: Headrace, clock: FrozenClock) -> JobId:
    await serve(app, "default")
    await app.configure_queue("default", ordered=True)
    _, second = await enqueue(app.backend, job(partition="ada"), job(partition="ada"))
    await claim_one(app.backend)
    return second


def in_state(state: JobState) -> Callable[[Headrace, FrozenClock], Awaitable[JobId]]:
    async def make(app: Headrace, clock: FrozenClock) -> JobId:
        return await put_in(app.backend, state)

    return make


CASES: list[tuple[Callable[[Headrace, FrozenClock], Awaitable[JobId]], str, str, str]] = [
    (paused, "queued.paused", "'default' is paused since .*: the relay is down .by ana.", "queue resume default"),
    (queued, "queued.no_worker", "No worker serves queue 'default'; no worker is there at all", "worker APP --queue"),
    (other_queue, "queued.no_worker", "workers there are serve mail", "worker APP --queue default"),
    (other_task, "queued.unknown_task", "knows the task 't'; near names: tt", "worker APP --queue default"),
    (known_elsewhere, "queued.unknown_task", "knows the task 't'; w-2 does, and serves mail", "--queue default"),
    (known_before, "queued.unknown_task", "workers that did, by shop:t, are gone", "--queue default"),
    (
        newer,
        "queued.newer_version",
        "version 3 of task 't', .* .w-1. have told of version 2 at most",
        "--queue default",
    ),
    (newer_and_put_off, "scheduled.not_known", "gave it back, .* in 5m. It is of version 3", "--queue default"),
    (served, "queued.next", "about to be begun: 10 of 10 slots are free", ""),
    (
        behind,
        "queued.behind",
        "one of 60 queued .* 10 running in 10 slots; 0.5 begin in a second, .* up to 2m",
        "--priority",
    ),
    (behind_what_runs_in_its_queue, "queued.behind", "one of 3 queued .* with 1 running in 10 slots", "--priority"),
    (
        at_its_limit,
        "queued.limit",
        "At most 1 of task:t run at once, and 1 do: job ",
        "limit set task:t --concurrency 2",
    ),
    (
        out_of_tokens,
        "queued.rate",
        "rate of 1/m for queue:default is used up; the next may begin at 2030-01-01 00:01:00",
        "limit set queue:default --rate",
    ),
    (behind_its_key, "queued.order", "one after another, and job .* of key:default:ada is before it", "job explain "),
    (expired, "queued.expired", "It expired at", "job edit ID --expires never"),
    (later, "scheduled", "scheduled for 2030-01-01 01:00:00 UTC, in 1h", "job edit ID --run-at now"),
    (due, "scheduled.due", "no worker is there to notice", "worker APP"),
    (retried, "scheduled.retry", "retried at .* in 5m; attempt 1 of 5 failed with OSError: refused", "--run-at now"),
    (snoozed, "scheduled", "scheduled for .* in 5m", "--run-at now"),
    (parked, "waiting", "waits to be woken or until 2030-01-01 02:00:00 UTC", "job wake ID"),
    (running, "running", "runs since .* .20s. on mill, process 7, attempt 1 of 5", "job watch ID"),
    (cancelling, "running.cancelling", "asked to stop: enough", "job watch ID"),
    (unheard, "running.unheard", "worker w-1 is not heard of; its lease ended at .*, and no worker is", "worker list"),
    (silent, "running.unheard", "nothing was heard .* since .* .20s.; if .* in 10s, it goes back", "worker list"),
    (exhausted, "dead.exhausted", "all 1 attempts failed, the last with OSError: refused", "job retry ID"),
    (given_up, "dead.discarded", "its handler gave it up: no such customer", "job retry ID"),
    (not_retried, "dead.not_retried", "OSError: refused, which its task does not retry", "job retry ID"),
    (lost, "dead.lost", "in its last attempt, LeaseLost: worker w-1 died, or was silent", "job retry ID"),
    (poison, "dead.quarantined", "quarantined: its worker died 2 times in a row", "job retry ID"),
    (in_state(JobState.CANCELLED), "cancelled", "was cancelled since .*: not wanted", "job retry ID"),
    (in_state(JobState.EXPIRED), "expired", "expired, at .*, before a worker had begun it", "job retry ID"),
    (in_state(JobState.SUCCEEDED), "succeeded", "has succeeded since .*, at attempt 1 of 5", ""),
]


@pytest.mark.parametrize(("make", "code", "sentence", "remedy"), CASES, ids=[case[1] for case in CASES])
async def test_a_job_says_why_it_is_where_it_is(
    app: Headrace,
    clock: FrozenClock,
    make: Callable[[Headrace, FrozenClock], Awaitable[JobId]],
    code: str,
    sentence: str,
    remedy: str,
) -> None:
    job_id = await make(app, clock)
    told = await app.explain(job_id)
    assert told.code == code
    assert re.search(sentence, told.sentence), told.sentence
    assert remedy.replace("ID", job_id) in told.remedy
    assert told.sentence.endswith(".")
    assert msgspec.json.encode(told)


async def test_a_worker_that_tells_no_tasks_is_not_blamed(app: Headrace, clock: FrozenClock) -> None:
    await serve(app, "default", tasks=())
    assert (await app.explain(await queued(app, clock))).code == "queued.next"


async def test_what_the_task_redacts_is_left_out_with_and_without_its_code(app: Headrace) -> None:
    secretive = job(payload=b'{"pin":"1234567","password":"hunter2"}', max_attempts=1)
    [job_id] = await enqueue(app.backend, secretive)
    error = ErrorInfo(type="ValueError", message="no login with hunter2, 1234567")
    await finish(app.backend, await claim_one(app.backend), Failed(error=error))
    told = await app.explain(job_id)
    assert "no login with [redacted], 1234567" in told.sentence
    await tell(app, version=1, redact=("pin",))
    told = await app.explain(job_id)
    assert "no login with [redacted], [redacted]" in told.sentence
    assert told.evidence["error"]["message"] == "no login with [redacted], [redacted]"


async def test_an_unknown_job_is_an_error(app: Headrace) -> None:
    with pytest.raises(JobNotFound):
        await app.explain(new_job_id())


async def test_a_worker_tells_its_tasks() -> None:
    async with Headrace("memory://") as app:

        @app.task(name="greet")
        def greet() -> None: ...

        async with app.worker():
            [record] = await app.workers()
            assert record.tasks == ("greet",)


def test_every_code_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    assert [code for _, code, _, _ in CASES if f"`{code}`" not in page] == []


def test_an_explanation_is_a_plain_value() -> None:
    told = Explanation(code="x", sentence="It.", evidence={"n": timedelta(0)})
    assert told.remedy == ""
