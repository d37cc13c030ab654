"""The library: each file once, and one that is no text stops nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from library import app, examine, examine_folder, main

from headrace import minutes
from headrace.testing import AppHarness, WorkerProcesses

pytestmark = pytest.mark.headrace("library:app")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two texts, and a picture that says it is one."""
    folder = tmp_path / "texts"
    (folder / "old").mkdir(parents=True)
    (folder / "poem.txt").write_text("a rose is\na rose is\na rose\n")
    (folder / "old" / "empty.txt").write_text("")
    (folder / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


async def test_one_file(headrace_app: AppHarness, folder: Path) -> None:
    facts = await headrace_app.run(examine, str(folder / "poem.txt"))
    assert (facts.lines, facts.words, facts.commonest) == (3, 8, ["a", "rose", "is"])


async def test_every_file_is_examined_and_what_is_no_text_is_dead(headrace_app: AppHarness, folder: Path) -> None:
    await examine_folder(folder)
    report = await headrace_app.drain()
    assert (report.succeeded, report.dead) == (2, 1)
    [dead] = headrace_app.enqueued(examine, state="dead")
    assert dead.args == {"path": str(folder / "photo.txt")}
    assert "is no text" in str(dead.job.reason)


async def test_only_what_has_changed_is_examined_again(headrace_app: AppHarness, folder: Path) -> None:
    await examine_folder(folder)
    (folder / "poem.txt").write_text("a rose by any other name\n")
    await examine_folder(folder)
    headrace_app.assert_enqueued(examine, path=str(folder / "poem.txt"), count=2)
    headrace_app.assert_enqueued(examine, count=4)


async def test_a_file_that_is_not_there_is_tried_again(headrace_app: AppHarness, folder: Path) -> None:
    await examine.enqueue(str(folder / "later.txt"))
    assert (await headrace_app.drain(raise_errors=False)).failed == 1
    (folder / "later.txt").write_text("here\n")
    assert (await headrace_app.advance(minutes(1))).succeeded == 1


async def test_worker_processes_examine_a_folder_though_one_is_killed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with WorkerProcesses("library:app", tmp_path) as workers:
        async with app:
            await examine_folder(folder)
        workers.start(die_at="job.started", ready=False).wait()
        workers.start()
        await main(folder)
    empty, photo, poem = capsys.readouterr().out.splitlines()
    assert "0 words" in empty
    assert "skipped" in photo
    assert "8 words" in poem
