"""Rewriting stored jobs while workers go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from headrace import Headrace, JobState
from headrace.app import migration
from headrace.storage.jobs import JobEdit


async def greet(names: list[str]) -> None: ...


@pytest.fixture(params=["memory", "sqlite"])
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Headrace]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/jobs.db"
    app = Headrace(url)
    task = app.task(name="greet", version=2)(greet)
    task.upcast(from_version=1)(lambda args: {"names": [args["name"]]})
    async with app:
        yield app


async def store(app: Headrace, count: int, **fields: Any) -> list[str]:
    new = app.find_task("greet").call([]).new_job
    jobs = [structs.replace(new(), payload=b'{"name":"Ada"}', task_version=1, **fields) for _ in range(count)]
    await app.backend.jobs.enqueue_many(jobs)
    return [job.id for job in jobs]


async def test_every_page_is_rewritten(app: Headrace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "PAGE", 3)
    ids = await store(app, 10)
    assert (await app.migrate_jobs(dry_run=True)).migrated == 10
    assert (await app.migrate_jobs()).migrated == 10
    assert await app.check_jobs() == []
    jobs = [await app.get(job_id) for job_id in ids]
    assert {(job.task_version, job.payload) for job in jobs} == {(2, b'{"names":["Ada"]}')}


async def test_a_job_that_changed_since_it_was_read_is_left_alone(
    app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    [job_id] = await store(app, 1)
    task = app.find_task("greet")
    migrated = task.migrated
    edit = app.backend.jobs.edit_many

    async def late(edits: Any) -> Any:
        await edit([JobEdit(id=edits[0].id, payload=b'{"name":"Bea"}')])
        return await edit(edits)

    monkeypatch.setattr(app.backend.jobs, "edit_many", late)
    done = await app.migrate_jobs()
    assert (done.migrated, done.left) == (0, 1)
    job = await app.get(job_id)
    assert (job.task_version, job.payload) == (1, b'{"name":"Bea"}')
    assert migrated(job) == b'{"names":["Bea"]}'


async def test_newer_versions_are_told_and_ended_jobs_are_not(app: Headrace) -> None:
    [newer] = await store(app, 1)
    await app.backend.jobs.edit_many([JobEdit(id=newer, task_version=3)])  # type: ignore[arg-type]
    [cancelled] = await store(app, 1)
    await app.cancel([cancelled])
    [misfit] = await app.check_jobs()
    assert (misfit.reason, misfit.examples) == ("this build has version 2 of it", (newer,))
    assert (await app.migrate_jobs()).migrated == 0
    assert (await app.get(cancelled)).state is JobState.CANCELLED


async def test_a_few_examples_are_named_for_each_reason(app: Headrace) -> None:
    for job_id in await store(app, 7):
        await app.backend.jobs.edit_many([JobEdit(id=job_id, payload=b"{}")])  # type: ignore[arg-type]
    [misfit] = await app.check_jobs()
    assert (misfit.count, len(misfit.examples)) == (7, migration.EXAMPLES_MAX)
