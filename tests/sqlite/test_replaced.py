"""The file is removed, or replaced by another, while it is in use: nothing is written to the one that is gone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.errors import StorageError
from headrace.model.job import JobState
from headrace.testing.conformance.builders import job, state_of


def _remove(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        if each.is_file():
            each.unlink()


async def test_what_is_acknowledged_after_the_file_was_replaced_is_in_the_new_file(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}")
    await backend.open()
    [gone] = await backend.jobs.enqueue_many([job()])
    _remove(path)
    [kept] = await backend.jobs.enqueue_many([job()])
    assert await state_of(backend, kept.id) is JobState.QUEUED
    assert await backend.reader.get_many([gone.id]) == [None]
    await backend.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM headrace_jobs").fetchall() == [(kept.id,)]


async def test_a_folder_that_vanishes_is_an_error_and_one_that_returns_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    backend = SqliteBackend(f"sqlite:///{folder / 'jobs.db'}")
    await backend.open()
    moved = folder.rename(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be opened"):
        await backend.jobs.enqueue_many([job()])
    moved.rename(folder)
    [kept] = await backend.jobs.enqueue_many([job()])
    assert await state_of(backend, kept.id) is JobState.QUEUED
    await backend.close()
