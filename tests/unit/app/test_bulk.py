"""Operations: what is in them, what stops them, and that they outlive their process."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import Headrace, JobState, hours, seconds
from headrace.engine.operation_store import BUCKET, OperationStore
from headrace.engine.operator import STEP_MAX, Operator
from headrace.engine.successor import Successor
from headrace.errors import ConfigError, OperationNotFound, QueryError, UsageError
from headrace.model.job import ErrorInfo
from headrace.model.operation import Operation, OperationState, parse_rate
from headrace.model.outcome import Failed
from headrace.storage.kv import Put
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, finish, job
from headrace.testing.fault_plans import Script, refused
from headrace.testing.faults import FaultyBackend


async def dead(app: Headrace, count: int, *, task: str = "t", queue: str = "default") -> list[str]:
    """Jobs that failed for good."""
    ids = await enqueue(app.backend, *(job(task, queue=queue) for _ in range(count)))
    for claimed in await claim(app.backend, count, queue=queue):
        await finish(app.backend, claimed, Failed(error=ErrorInfo(type="E", message="no")))
    return list(ids)


async def states(app: Headrace) -> dict[str, int]:
    return {count.state.value: count.count for count in await app.counts()}


async def test_all_that_match_are_changed(app: Headrace) -> None:
    await dead(app, 3)
    await dead(app, 2, task="other")
    steps: list[Operation] = []
    done = await app.bulk.run("retry", where="state:dead task:t", on_step=steps.append)
    assert (done.state, done.matched, done.changed, done.skipped) == (OperationState.DONE, 3, 3, {})
    assert await states(app) == {"dead": 2, "queued": 3}
    assert steps == [done]


async def test_more_than_a_step_are_changed_step_by_step(app: Headrace) -> None:
    await enqueue(app.backend, *(job() for _ in range(2 * STEP_MAX + 1)))
    steps: list[int] = []
    done = await app.bulk.run("delete", where="task:t", on_step=lambda operation: steps.append(operation.matched))
    assert steps == [STEP_MAX, 2 * STEP_MAX, 2 * STEP_MAX + 1]
    assert (done.changed, await states(app)) == (2 * STEP_MAX + 1, {})


async def test_what_the_verb_does_not_apply_to_is_counted_by_its_state(app: Headrace) -> None:
    await dead(app, 2)
    await enqueue(app.backend, job(), job())
    done = await app.bulk.run("discard", where="task:t", reason="known")
    assert (done.matched, done.changed, done.skipped) == (4, 2, {"queued": 2})
    [found, _] = (await app.find(states=["cancelled"])).items
    assert found.reason == "known"


async def test_jobs_that_come_or_change_later_are_not_in_it(app: Headrace, clock: FrozenClock) -> None:
    [early] = await dead(app, 1)
    operation = await app.bulk.start("retry", where="state:dead")
    clock.advance(seconds(1))
    await dead(app, 1)
    done = await app.bulk.resume(operation.id)
    assert (done.changed, (await app.get(early)).state) == (1, JobState.QUEUED)
    assert await states(app) == {"dead": 1, "queued": 1}


async def test_a_retry_can_edit(app: Headrace, clock: FrozenClock) -> None:
    [job_id] = await dead(app, 1)
    await app.bulk.run("retry", where="state:dead", queue="careful", priority=9, run_at=clock.now() + hours(1))
    found = await app.get(job_id)
    assert (found.state, found.queue, found.priority) == (JobState.SCHEDULED, "careful", 9)


async def test_an_edit_changes_what_it_names_and_nothing_else(app: Headrace) -> None:
    [job_id] = await enqueue(app.backend, job(priority=3, tags=("a",)))
    done = await app.bulk.run("edit", where="tag:a", tags=("b", "c"))
    found = await app.get(job_id)
    assert (done.changed, found.priority, found.tags) == (1, 3, ("b", "c"))


async def test_a_cancelled_job_tells_the_operation_or_its_reason(app: Headrace) -> None:
    [first] = await enqueue(app.backend, job())
    operation = await app.bulk.run("cancel", where="state:queued", author="ana")
    assert (await app.get(first)).reason == f"by ana, in operation {operation.id}"


async def test_a_paused_operation_rests_and_goes_on_from_there(app: Headrace) -> None:
    await enqueue(app.backend, *(job() for _ in range(STEP_MAX + 1)))
    pausing: list[asyncio.Task[Operation]] = []

    def pause(operation: Operation) -> None:
        pausing.append(asyncio.ensure_future(app.bulk.pause(operation.id)))

    paused = await app.bulk.run("delete", where="task:t", on_step=pause)
    assert paused.state is OperationState.PAUSED
    assert 0 < paused.matched < STEP_MAX + 1
    done = await app.bulk.resume(paused.id)
    assert (done.state, done.matched, await states(app)) == (OperationState.DONE, STEP_MAX + 1, {})


async def test_an_aborted_operation_does_no_more(app: Headrace) -> None:
    await enqueue(app.backend, job())
    operation = await app.bulk.start("delete", where="task:t")
    aborted = await app.bulk.abort(operation.id)
    assert aborted.state is OperationState.ABORTED
    with pytest.raises(UsageError, match="is aborted already"):
        await app.bulk.resume(operation.id)
    assert await states(app) == {"queued": 1}


async def test_a_rate_is_kept() -> None:
    async with Headrace("memory://") as app:
        await enqueue(app.backend, *(job() for _ in range(15)))
        begun = asyncio.get_running_loop().time()
        done = await app.bulk.run("delete", where="task:t", rate=20.0)
        assert done.changed == 15
        assert asyncio.get_running_loop().time() - begun >= 0.45


async def test_a_slow_operation_hears_of_a_pause(app: Headrace) -> None:
    await enqueue(app.backend, job(), job())
    stepped = asyncio.Event()
    running = asyncio.ensure_future(
        app.bulk.run("delete", where="task:t", rate=parse_rate("1/h"), on_step=lambda _: stepped.set())
    )
    await stepped.wait()
    [operation] = (await app.bulk.list()).items
    await app.bulk.pause(operation.id)
    paused = await asyncio.wait_for(running, 5)
    assert (paused.state, paused.matched) == (OperationState.PAUSED, 1)


async def test_two_processes_do_not_carry_out_the_same_operation(app: Headrace) -> None:
    await enqueue(app.backend, *(job() for _ in range(3 * STEP_MAX)))
    operation = await app.bulk.start("cancel", where="state:queued")
    first, second = await asyncio.gather(*(Operator(app.backend).run(operation.id) for _ in range(2)))
    assert min(first.matched, second.matched) < max(first.matched, second.matched) == 3 * STEP_MAX
    assert (await app.bulk.get(operation.id)).changed == 3 * STEP_MAX


async def test_a_worker_goes_on_where_a_process_died(app: Headrace, clock: FrozenClock) -> None:
    await enqueue(app.backend, *(job() for _ in range(2 * STEP_MAX)))
    operation = await app.bulk.start("cancel", where="task:t", reason="over")
    dying = FaultyBackend(app.backend, Script({("jobs.cancel_many", 2): refused()}))
    with pytest.raises(Exception, match="injected"):
        await Operator(dying).run(operation.id)
    halfway = await app.bulk.get(operation.id)
    assert (halfway.state, halfway.matched) == (OperationState.RUNNING, STEP_MAX)
    clock.advance(timedelta(minutes=1))
    await Successor(app.backend, gate=lambda: True).tick()
    done = await app.bulk.get(operation.id)
    assert (done.state, done.changed, await states(app)) == (OperationState.DONE, 2 * STEP_MAX, {"cancelled": 400})


async def test_a_running_worker_carries_out_what_was_only_started() -> None:
    async with Headrace("memory://") as app:
        await enqueue(app.backend, job(queue="elsewhere"))
        await app.bulk.start("cancel", where="queue:elsewhere")
        [listed] = (await app.find()).items
        async with app.worker(queues=["default"]):
            ended = await app.settled(listed.id, 20)
        assert ended.state is JobState.CANCELLED


async def test_a_preview_counts_and_changes_nothing(app: Headrace) -> None:
    await dead(app, 2, queue="mail")
    await enqueue(app.backend, job("other"))
    preview = await app.bulk.preview("state:dead,queued")
    assert (preview.matched, preview.complete) == (3, True)
    assert preview.states == {"dead": 2, "queued": 1}
    assert preview.queues == {"mail": 2, "default": 1}
    assert preview.tasks == {"t": 2, "other": 1}
    assert await states(app) == {"dead": 2, "queued": 1}


async def test_operations_are_listed_and_forgotten_a_month_after_their_end(app: Headrace, clock: FrozenClock) -> None:
    await enqueue(app.backend, job())
    done = await app.bulk.run("cancel", where="task:t")
    waiting = await app.bulk.pause((await app.bulk.start("retry", where="task:t")).id)
    assert [each.id for each in (await app.bulk.list()).items] == [done.id, waiting.id]
    clock.advance(timedelta(days=31))
    assert [each.id for each in (await app.bulk.list()).items] == [waiting.id]
    with pytest.raises(OperationNotFound, match=done.id):
        await app.bulk.get(done.id)


@pytest.mark.parametrize(
    ("verb", "settings", "told"),
    [
        ("retyr", {"where": "state:dead"}, "'retyr' is not an operation; there are: retry"),
        ("retry", {"where": " "}, "would change every job"),
        ("retry", {"where": "state:dead", "rate": 0.0}, "0.0 is no rate"),
        ("retry", {"where": "state:dead", "color": 1}, "'color' of a job cannot be changed"),
        ("edit", {"where": "state:dead"}, "edit what?"),
        ("edit", {"where": "state:dead", "priority": "high"}, "priority"),
        ("delete", {"where": "state:dead", "priority": 1}, "only edit and retry change values"),
    ],
)
async def test_what_cannot_be_is_refused(app: Headrace, verb: str, settings: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        await app.bulk.start(verb, **settings)  # type: ignore[arg-type]
    assert (await app.bulk.list()).items == []


async def test_a_search_that_cannot_be_read_begins_nothing(app: Headrace) -> None:
    with pytest.raises(QueryError):
        await app.bulk.run("retry", where="stat:dead")
    assert (await app.bulk.list()).items == []


@given(st.sampled_from(["s", "m", "h"]), st.integers(1, 10_000))
def test_rates_are_read(unit: str, count: int) -> None:
    assert parse_rate(f"{count}/{unit}") == count / {"s": 1, "m": 60, "h": 3600}[unit]


@pytest.mark.parametrize("text", ["20", "0/s", "/s", "20/d", "-1/s", "many/s", "999999999/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no rate"):
        parse_rate(text)


async def test_an_operation_that_this_release_cannot_read_does_not_keep_the_others_from_going_on(
    app: Headrace, caplog: pytest.LogCaptureFixture
) -> None:
    await dead(app, 1)
    begun = await app.bulk.start("retry", where="state:dead")
    await app.backend.kv.put_many(BUCKET, [Put(key="op-of-tomorrow", value=b'{"id":1}')])
    assert await OperationStore(app.backend.kv).running() == [begun.id]
    assert [each.id for each in (await app.bulk.list()).items] == [begun.id]
    assert "operation op-of-tomorrow cannot be read, and is left to another release" in caplog.text
