"""Undo: what an operation changed goes back to what it was, job by job, and what cannot says why."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace import Headrace, JobState
from headrace.backends.memory import MemoryBackend
from headrace.engine.items import Items
from headrace.engine.operator import STEP_MAX, Operator
from headrace.errors import ConfigError, OperationNotFound, UsageError
from headrace.model.ids import JobId
from headrace.model.job import Job, UniqueKey
from headrace.model.operation import Operation, OperationState
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, job, put_in
from headrace.testing.fault_plans import Script, lost_reply
from headrace.testing.faults import FaultyBackend

QUEUES = ("ran", "gone", "edited", "kept")


async def whys(app: Headrace, operation: Operation) -> dict[str, str]:
    """What the operation says of each job it left alone."""
    page = await app.bulk.items(operation.id)
    assert page.next_cursor is None
    return {each.job_id: each.left_alone for each in page.items if not each.changed}


async def everything(app: Headrace) -> list[Job]:
    return (await app.find(limit=1000)).items


@pytest.mark.parametrize(
    ("verb", "changes"),
    [
        ("cancel", {}),
        ("discard", {}),
        ("retry", {}),
        ("retry", {"queue": "careful", "priority": 9}),
        ("edit", {"queue": "careful", "tags": ("x",), "max_attempts": 2, "expires_at": None}),
    ],
)
async def test_what_was_changed_is_what_it_was(
    app: Headrace, clock: FrozenClock, verb: str, changes: dict[str, Any]
) -> None:
    for state in set(JobState) - {JobState.RUNNING, JobState.WAITING}:
        await put_in(app.backend, state, priority=3, tags=("a",))
    before = await everything(app)
    clock.advance(timedelta(minutes=1))
    operation = await app.bulk.run(verb, where="tag:a", **changes)
    assert operation.changed
    clock.advance(timedelta(minutes=1))
    undone = await app.bulk.undo(operation.id, author="ana", reason="oops")
    assert (undone.state, undone.matched, undone.changed) == (OperationState.DONE, operation.changed, operation.changed)
    assert (undone.verb, undone.undoes, undone.author, undone.reason) == ("undo", operation.id, "ana", "oops")
    assert await everything(app) == before


async def test_jobs_that_were_moved_in_time_go_back(app: Headrace, clock: FrozenClock) -> None:
    job_id = await put_in(app.backend, JobState.SCHEDULED)
    before = await app.get(job_id)
    operation = await app.bulk.run("edit", where="state:scheduled", run_at=clock.now())
    assert (await app.get(job_id)).state is JobState.QUEUED
    await app.bulk.undo(operation.id)
    assert await app.get(job_id) == before


async def test_what_else_became_of_a_job_is_told_and_stays(app: Headrace) -> None:
    ran, gone, edited, kept = await enqueue(
        app.backend, *(job(queue=name) for name in ("ran", "gone", "edited", "kept"))
    )
    operation = await app.bulk.run("edit", where="state:queued", priority=9)
    await claim(app.backend, queue="ran")
    await app.delete([gone])
    await app.edit([edited], tags=["mine"])
    undone = await app.bulk.undo(operation.id)
    assert (undone.matched, undone.changed, undone.skipped) == (4, 1, {"running": 1, "gone": 1, "queued": 1})
    assert await whys(app, undone) == {
        ran: "it is running",
        gone: "it was deleted meanwhile",
        edited: "its tags changed meanwhile",
    }
    assert [(await app.get(each)).priority for each in (edited, kept)] == [9, 5]


async def test_a_key_that_was_taken_meanwhile_is_told(app: Headrace) -> None:
    key = UniqueKey(key="k")
    [first] = await enqueue(app.backend, job(unique=key))
    operation = await app.bulk.run("cancel", where="state:queued")
    [rival] = await enqueue(app.backend, job(unique=key))
    undone = await app.bulk.undo(operation.id)
    assert await whys(app, undone) == {first: f"job {rival} holds its unique key"}


async def test_a_job_that_ran_is_not_brought_back(app: Headrace) -> None:
    await put_in(app.backend, JobState.RUNNING, queue="default")
    operation = await app.bulk.run("cancel", where="state:running")
    assert operation.changed == 1
    undone = await app.bulk.undo(operation.id)
    assert (undone.changed, undone.skipped) == (0, {"running": 1})


async def test_what_the_operation_left_alone_is_not_in_its_undo(app: Headrace) -> None:
    dead = await put_in(app.backend, JobState.DEAD)
    await enqueue(app.backend, job())
    operation = await app.bulk.run("cancel", where="state:dead,queued")
    assert await whys(app, operation) == {dead: "it is dead"}
    undone = await app.bulk.undo(operation.id)
    assert (undone.matched, undone.changed) == (1, 1)


async def test_an_aborted_operation_is_undone_as_far_as_it_came(app: Headrace) -> None:
    await enqueue(app.backend, *(job() for _ in range(STEP_MAX + 5)))
    aborting: list[asyncio.Task[Operation]] = []

    def abort(operation: Operation) -> None:
        aborting.append(asyncio.ensure_future(app.bulk.abort(operation.id)))

    aborted = await app.bulk.run("cancel", where="task:t", on_step=abort)
    assert aborted.state is OperationState.ABORTED
    assert aborted.changed == STEP_MAX
    assert (await app.bulk.undo(aborted.id)).changed == STEP_MAX
    assert {each.state for each in await everything(app)} == {JobState.QUEUED}


async def test_an_undo_keeps_its_rate_whatever_the_steps_were(app: Headrace, clock: FrozenClock) -> None:
    await enqueue(app.backend, *(job() for _ in range(25)))
    operation = await app.bulk.run("cancel", where="task:t")
    steps: list[int] = []

    def step(undo: Operation) -> None:
        steps.append(undo.matched)
        clock.advance(timedelta(seconds=1))

    await app.bulk.undo(operation.id, rate=20.0, on_step=step)
    assert steps == [10, 20, 25]


@pytest.mark.parametrize(("verb", "changes"), [("cancel", {}), ("edit", {"priority": 9})])
async def test_a_step_that_was_not_noted_when_its_process_died_can_be_undone(
    app: Headrace, clock: FrozenClock, verb: str, changes: dict[str, Any]
) -> None:
    await enqueue(app.backend, *(job() for _ in range(3)))
    before = await everything(app)
    operation = await app.bulk.start(verb, where="task:t", **changes)
    clock.advance(timedelta(seconds=1))
    dying = FaultyBackend(app.backend, Script({(f"jobs.{verb}_many", 1): lost_reply()}))
    with pytest.raises(Exception, match="injected"):
        await Operator(dying).run(operation.id)
    clock.advance(timedelta(minutes=1))
    assert (await Operator(app.backend).run(operation.id)).state is OperationState.DONE
    assert await everything(app) != before
    assert (await app.bulk.undo(operation.id)).changed == 3
    assert await everything(app) == before


async def test_a_preview_tells_what_would_be_put_back_and_changes_nothing(app: Headrace) -> None:
    _, changed = await enqueue(app.backend, job(queue="mail"), job())
    operation = await app.bulk.run("cancel", where="state:queued")
    await app.edit([changed], priority=1)
    preview = await app.bulk.preview_undo(operation.id)
    assert (preview.matched, preview.complete, preview.queues) == (1, True, {"mail": 1})
    assert {each.state for each in await everything(app)} == {JobState.CANCELLED}


async def test_what_cannot_be_undone_is_refused_with_what_to_do(app: Headrace, clock: FrozenClock) -> None:
    await enqueue(app.backend, job(), job("other"))
    deleted = await app.bulk.run("delete", where="task:other")
    with pytest.raises(UsageError, match="what was deleted cannot be brought back"):
        await app.bulk.undo(deleted.id)
    begun = await app.bulk.start("cancel", where="task:t")
    with pytest.raises(UsageError, match="is running; abort it first"):
        await app.bulk.preview_undo(begun.id)
    await app.bulk.resume(begun.id)
    undone = await app.bulk.undo(begun.id)
    with pytest.raises(UsageError, match="is an undo itself"):
        await app.bulk.undo(undone.id)
    with pytest.raises(ConfigError, match="is of an operation, not of a search"):
        await app.bulk.run("undo", where="state:dead")
    with pytest.raises(OperationNotFound):
        await app.bulk.undo("op-none")
    clock.advance(timedelta(days=7))
    with pytest.raises(UsageError, match="began over 7 days ago"):
        await app.bulk.undo(begun.id)


@given(steps=st.lists(st.integers(1, 5), max_size=6), limit=st.integers(1, 7))
async def test_pages_of_items_leave_nothing_out_and_repeat_nothing(steps: list[int], limit: int) -> None:
    async with Headrace(backend=MemoryBackend()) as app:
        jobs = [await app.get(each) for each in await enqueue(app.backend, *(job() for _ in range(sum(steps))))]
        operation = await app.bulk.start("cancel", where="task:t")
        items, matched = Items(app.backend.kv), 0
        for count in steps:
            await items.keep(replace(operation, matched=matched), jobs[matched : matched + count])
            matched += count
        found: list[JobId] = []
        cursor: str | None = None
        while True:
            page = await app.bulk.items(operation.id, cursor=cursor, limit=limit)
            assert len(page.items) <= limit
            found += [each.job_id for each in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == [each.id for each in jobs]


def test_the_blocking_twin_undoes_too() -> None:
    with Headrace("memory://").sync as sync:
        sync.ask(lambda desk: enqueue(desk.backend, job()))
        operation = sync.bulk.run("cancel", where="task:t")
        assert sync.bulk.preview_undo(operation.id).matched == 1
        assert sync.bulk.undo(operation.id).changed == 1
        assert [each.changed for each in sync.bulk.items(operation.id).items] == [True]
        with pytest.raises(UsageError):
            sync.bulk.start_undo("op-none")
