"""Enqueue and completion inside the caller's own transaction."""

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.errors import Unsupported
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Finish
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim_one, job, state_of


@pytest.fixture
async def backend(request: pytest.FixtureRequest, clock: FrozenClock, path: Path) -> AsyncIterator[SqliteBackend]:
    """The store, opened with the same copy of SQLite as the test's own connection."""
    driver = "sqlite3" if "standard" in request.fixturenames else "apsw"
    backend = SqliteBackend(f"sqlite:///{path}?driver={driver}", clock=clock)
    await backend.open()
    yield backend
    await backend.close()


@pytest.fixture
def standard(backend: SqliteBackend, path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
        connection.commit()
        yield connection


@pytest.fixture
def modern(backend: SqliteBackend, path: Path) -> Iterator[apsw.Connection]:
    with closing(apsw.Connection(str(path))) as connection:
        yield connection


async def test_a_job_exists_once_the_standard_librarys_transaction_commits(
    backend: SqliteBackend, standard: sqlite3.Connection
) -> None:
    new = job()
    standard.execute("INSERT INTO users VALUES ('Ada')")
    [reply] = await backend.jobs.within(standard).enqueue_many([new])
    assert reply.id == new.id
    assert await backend.reader.get_many([new.id]) == [None]
    standard.commit()
    assert await state_of(backend, new.id) is JobState.QUEUED


async def test_nothing_remains_after_the_standard_librarys_transaction_rolls_back(
    backend: SqliteBackend, standard: sqlite3.Connection
) -> None:
    new = job(idempotency_key="k")
    await backend.jobs.within(standard).enqueue_many([new])
    standard.rollback()
    assert await backend.reader.get_many([new.id]) == [None]
    assert await backend.reader.counts() == []
    [again] = await backend.jobs.enqueue_many([job(idempotency_key="k")])
    assert not again.duplicate


async def test_an_enqueue_opens_the_transaction_as_the_callers_own_insert_would(
    backend: SqliteBackend, standard: sqlite3.Connection
) -> None:
    new = job()
    await backend.jobs.within(standard).enqueue_many([new])
    assert standard.in_transaction
    standard.rollback()
    assert await backend.reader.get_many([new.id]) == [None]


async def test_an_autocommitting_connection_commits_the_enqueue_at_once(
    backend: SqliteBackend, standard: sqlite3.Connection
) -> None:
    new = job()
    standard.isolation_level = None
    await backend.jobs.within(standard).enqueue_many([new])
    assert await state_of(backend, new.id) is JobState.QUEUED


async def test_a_job_exists_once_the_apsw_transaction_commits(backend: SqliteBackend, modern: apsw.Connection) -> None:
    new = job()
    with modern:
        await backend.jobs.within(modern).enqueue_many([new])
        assert await backend.reader.get_many([new.id]) == [None]
    assert await state_of(backend, new.id) is JobState.QUEUED


async def test_nothing_remains_after_the_apsw_transaction_rolls_back(
    backend: SqliteBackend, modern: apsw.Connection
) -> None:
    new = job()
    modern.execute("BEGIN")
    await backend.jobs.within(modern).enqueue_many([new])
    modern.execute("ROLLBACK")
    assert await backend.reader.get_many([new.id]) == [None]


async def test_a_job_is_finished_in_the_transaction_that_stores_its_effect(
    backend: SqliteBackend, standard: sqlite3.Connection
) -> None:
    [reply] = await backend.jobs.enqueue_many([job()])
    claim = await claim_one(backend)
    standard.execute("INSERT INTO users VALUES ('Grace')")
    await backend.jobs.within(standard).finish_many([Finish(lease=claim.lease, outcome=Completed())])
    assert await state_of(backend, reply.id) is JobState.RUNNING
    standard.commit()
    assert await state_of(backend, reply.id) is JobState.SUCCEEDED


async def test_a_connection_to_another_file_is_refused(backend: SqliteBackend, tmp_path: Path) -> None:
    with (
        closing(apsw.Connection(str(tmp_path / "other.db"))) as connection,
        pytest.raises(Unsupported, match="same file"),
    ):
        backend.jobs.within(connection)


async def test_a_connection_in_memory_is_refused(backend: SqliteBackend) -> None:
    with closing(apsw.Connection(":memory:")) as connection, pytest.raises(Unsupported, match="in memory"):
        backend.jobs.within(connection)


async def test_what_is_no_connection_is_refused(backend: SqliteBackend) -> None:
    with pytest.raises(Unsupported, match=r"builtins\.str"):
        backend.jobs.within("jobs.db")


@pytest.mark.parametrize("ours", ["apsw", "sqlite3"])
async def test_a_connection_of_the_other_copy_of_sqlite_is_refused_because_their_locks_undo_each_other(
    clock: FrozenClock, path: Path, ours: str
) -> None:
    backend = SqliteBackend(f"sqlite:///{path}?driver={ours}", clock=clock)
    await backend.open()
    await backend.close()
    theirs = sqlite3.connect(path) if ours == "apsw" else apsw.Connection(str(path))
    with closing(theirs), pytest.raises(Unsupported, match="two copies of SQLite"):
        backend.jobs.within(theirs)


async def test_a_job_enqueued_after_the_callers_connection_was_closed_is_seen_by_other_processes(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}?driver=sqlite3")
    await backend.open()
    with closing(sqlite3.connect(path)) as connection:
        await backend.jobs.within(connection).enqueue_many([job()])
        connection.commit()
    assert _seen_by_another_process(path) == 1
    await backend.jobs.enqueue_many([job()])
    assert _seen_by_another_process(path) == 2
    await backend.close()


def _seen_by_another_process(path: Path) -> int:
    """Closing its connection, the other process would end the log of one that holds no lock on it any more."""
    code = f"""
import sqlite3
connection = sqlite3.connect({str(path)!r})
print(connection.execute("SELECT count(*) FROM headrace_jobs").fetchone()[0])
connection.close()
"""
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


async def test_a_python_whose_sqlite_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    backend = SqliteBackend(f"sqlite:///{path}?driver=sqlite3")
    with pytest.raises(Unsupported, match=r"needs SQLite 3\.38\.0 or newer"):
        await backend.open()
