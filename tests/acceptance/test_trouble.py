"""A full disk, no right to write, a lock that somebody keeps: said clearly, nothing lost, and over by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import Headrace, JobHandle
from headrace.errors import StorageFull, Unavailable
from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import Programs, acknowledged, opened, read_jobs, wait_until_all_ended
from tests.acceptance.programs.common import Orders, make_app

DISK_BYTES = 6 << 20


@pytest.fixture
def small_disk(programs: Programs) -> Iterator[Path]:
    """A file system of its own, of a few megabytes, with the store on it."""
    folder = programs.folder / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "headrace-test", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    if not mounted:
        must = os.environ.get("CI") == "true" and os.geteuid() == 0
        (pytest.fail if must else pytest.skip)("only root, where it may mount, can make a disk small enough to fill")
    programs.url = f"sqlite:///{folder / 'jobs.db'}"
    yield folder
    programs.close()
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_loses_nothing_and_the_worker_goes_on_when_there_is_space(
    programs: Programs, small_disk: Path
) -> None:
    app = make_app(Orders(url=programs.url))
    nap = app.find_task("nap")
    async with app:
        worker = programs.worker(slots=4, tell=["store.error", "job.stale"])
        handles = await app.enqueue_many([nap.call(1.0) for _ in range(8)])
        worker.wait_for("nap", count=4)
        ballast = small_disk / "ballast"
        _fill(ballast)
        with pytest.raises(StorageFull, match="no space is left"):
            await _enqueue_until_refused(app, handles)
        worker.wait_for("store.error")
        ballast.unlink()
        handles.append(await nap.enqueue(0.0))
        await wait_until_all_ended(app.backend, timeout=40)  # type: ignore[arg-type]
        for job in await read_jobs(app.backend, [handle.id for handle in handles]):  # type: ignore[arg-type]
            assert job.state is JobState.SUCCEEDED
            assert [each.outcome for each in await app.attempts(job.id)] == [AttemptOutcome.SUCCEEDED]
    assert worker.running
    assert worker.saw("job.stale") == []
    assert set(programs.executions().values()) == {1}


async def _enqueue_until_refused(app: Headrace, handles: list[JobHandle[Any]]) -> None:
    """The log may hold a few more before it needs to grow."""
    for _ in range(100):
        handles += await app.enqueue_many([app.find_task("nap").call(0.0) for _ in range(100)])


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


async def test_a_file_that_may_not_grow_refuses_clearly_and_keeps_what_it_acknowledged(programs: Programs) -> None:
    limited = programs.start("limited")
    assert limited.wait() == 0, limited.told()
    [refusal] = limited.saw("refused")
    assert refusal["kind"] in ("StorageFull", "Unavailable")
    assert "jobs.db" in refusal["text"]
    async with opened(programs.url) as backend:
        ids = acknowledged([limited])
        assert {job.state for job in await read_jobs(backend, ids)} == {JobState.QUEUED}
        assert sum(each.count for each in await backend.reader.counts()) == len(ids)
        assert await backend.check() == []


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="headrace-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize("exists", [True, False])
async def test_a_store_that_cannot_be_written_says_so(programs: Programs, public_folder: Path, exists: bool) -> None:
    url = f"sqlite:///{public_folder / 'jobs.db'}"
    if exists:
        async with opened(url):
            pass
        (public_folder / "jobs.db").chmod(0o444)
    public_folder.chmod(0o555)
    refused = programs.start("readonly", url=url, effects="").wait_for("refused")
    assert refused["kind"] == "ReadOnly", refused
    assert "jobs.db" in refused["text"]
    assert "permission" in refused["text"]


async def test_a_lock_that_is_kept_past_every_timeout_is_said_and_survived(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url + "?busy_timeout=300ms"))
    programs.url += "?busy_timeout=300ms"
    effect, nap = app.find_task("effect"), app.find_task("nap")
    async with app:
        worker = programs.worker(lease_s=1.0, tell=["job.lease_lost"])
        running = await nap.enqueue(0.5)
        longer = await nap.enqueue(3.0)
        worker.wait_for("nap", count=2)
        locker = programs.start("locker")
        locker.wait_for("locked")
        begun = time.monotonic()
        refused = await asyncio.gather(*(effect.enqueue(n) for n in range(20)), return_exceptions=True)
        took = time.monotonic() - begun
        assert [type(error) for error in refused] == [Unavailable] * 20
        assert "long transaction" in str(refused[0])
        assert took < 2, f"callers that wait together are told together, not one after another: {took:.1f} s"
        worker.wait_for("job.lease_lost", job_id=longer.id)
        locker.process.terminate()
        assert locker.wait() == 0, locker.told()
        after = await effect.enqueue(99)
        assert await after.result(20) == 99
        await running.result(20)
        # Its lease was over while nobody could extend it: it was stopped, given back, and runs again soon.
        await longer.result(20)
        for handle in (running, longer):
            assert [each.outcome for each in await app.attempts(handle.id)] == [AttemptOutcome.SUCCEEDED]
    assert worker.running
