"""Full, read-only, damaged, locked: said clearly, nothing acknowledged is lost, and work goes on afterwards."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.backends.sqlite.location import filesystem_kind
from headrace.errors import (
    ReadOnly,
    SchemaOutdated,
    StorageCorrupt,
    StorageFull,
    Unavailable,
)
from headrace.model.job import JobState
from headrace.testing.conformance.builders import claim_one, job, state_of


async def _limit_pages(backend: SqliteBackend, pages: int) -> None:
    """Make the file as full as a full disk does: SQLite answers SQLITE_FULL when it may not take another page."""

    def limit(transaction: object) -> None:
        connection = transaction._connection  # type: ignore[attr-defined]
        list(connection.execute(f"PRAGMA max_page_count = {pages}"))

    await backend._writer.run(limit)


async def test_a_full_disk_refuses_the_whole_batch_and_work_goes_on_when_space_returns(
    backend: SqliteBackend,
) -> None:
    [kept] = await backend.jobs.enqueue_many([job()])
    await _limit_pages(backend, 1)
    big = [job(payload=b'"' + b"x" * 100_000 + b'"') for _ in range(3)]
    with pytest.raises(StorageFull, match="no space is left"):
        await backend.jobs.enqueue_many(big)
    assert await backend.reader.get_many([each.id for each in big]) == [None, None, None]
    assert await state_of(backend, kept.id) is JobState.QUEUED
    await _limit_pages(backend, 1_000_000)
    replies = await backend.jobs.enqueue_many(big)
    assert [reply.state for reply in replies] == [JobState.QUEUED] * 3


async def test_a_call_that_fails_does_not_fail_those_it_shared_a_transaction_with(backend: SqliteBackend) -> None:
    await _limit_pages(backend, 60)
    small = [job() for _ in range(5)]
    big = job(payload=b'"' + b"x" * 1_000_000 + b'"')
    results = await asyncio.gather(
        *(backend.jobs.enqueue_many([each]) for each in (*small[:3], big, *small[3:])), return_exceptions=True
    )
    assert [type(each).__name__ for each in results] == ["list", "list", "list", "StorageFull", "list", "list"]
    assert None not in await backend.reader.get_many([each.id for each in small])


async def test_a_damaged_file_is_named_as_such(path: Path) -> None:
    path.write_bytes(b"This was never a database. " * 1000)
    with pytest.raises(StorageCorrupt, match="not an SQLite database"):
        await SqliteBackend(f"sqlite:///{path}").open()


async def test_damage_inside_a_file_is_found_by_its_check(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}")
    await backend.open()
    await backend.jobs.enqueue_many([job() for _ in range(500)])
    assert await backend.check() == []
    await backend.close()
    with path.open("r+b") as file:
        file.seek(-4096 * 4, os.SEEK_END)
        file.write(b"\xff" * 4096 * 3)
    await backend.open()
    assert await backend.check() != []
    await backend.close()


async def test_a_file_that_cannot_be_written_is_reported(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}")
    await backend.open()

    def forbid(transaction: object) -> None:
        connection = transaction._connection  # type: ignore[attr-defined]
        list(connection.execute("PRAGMA query_only = TRUE"))

    await backend._writer.run(forbid)
    with pytest.raises(ReadOnly, match="cannot be written"):
        await backend.jobs.enqueue_many([job()])
    await backend.close()


async def test_a_folder_that_is_not_there_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="mkdir -p"):
        await SqliteBackend(f"sqlite:///{tmp_path}/nowhere/jobs.db").open()


async def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is a folder"):
        await SqliteBackend(f"sqlite:///{tmp_path}").open()


async def test_a_newer_schema_is_refused_with_what_to_do(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}")
    await backend.open()
    await backend.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE headrace_meta SET value = '999' WHERE key = 'schema'")
        connection.commit()
    with pytest.raises(SchemaOutdated, match="upgrade headrace"):
        await backend.open()


async def test_a_long_transaction_of_another_program_is_waited_for_and_then_named(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}?busy_timeout=50ms")
    await backend.open()
    with closing(apsw.Connection(str(path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="long transaction"):
            await backend.jobs.enqueue_many([job()])
        other.execute("ROLLBACK")
    [reply] = await backend.jobs.enqueue_many([job()])
    assert reply.state is JobState.QUEUED
    await backend.close()


async def test_a_store_that_is_not_open_says_how_to_open_it(path: Path) -> None:
    with pytest.raises(Unavailable, match=r"app\.open\(\)"):
        await SqliteBackend(f"sqlite:///{path}").jobs.enqueue_many([job()])


def test_the_kind_of_file_system_is_read_from_the_mount_table(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"40 22 0:35 / {tmp_path} rw,relatime shared:2 - nfs4 server:/export rw\n"
    )
    assert filesystem_kind(tmp_path, mounts) == "nfs4"
    assert filesystem_kind(Path("/"), mounts) == "ext4"
    assert filesystem_kind(Path("/"), tmp_path / "missing") is None


async def test_a_network_file_system_is_refused_with_the_way_round(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headrace.backends.sqlite import location
    from headrace.errors import Unsupported

    monkeypatch.setattr(location, "filesystem_kind", lambda folder: "nfs4")
    with pytest.raises(Unsupported, match="network_fs=allow"):
        await SqliteBackend(f"sqlite:///{path}").open()
    allowed = SqliteBackend(f"sqlite:///{path}?network_fs=allow")
    await allowed.open()
    await allowed.close()


async def test_an_enqueue_whose_log_cannot_be_synced_is_not_acknowledged(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError("the disk does not answer")

    with monkeypatch.context() as patched:
        patched.setattr("headrace.backends.sqlite.log_file._sync", fail)
        with pytest.raises(Unavailable, match="syncing its log to the disk failed"):
            await backend.jobs.enqueue_many([job()])
    [reply] = await backend.jobs.enqueue_many([job()])
    assert reply.state is JobState.QUEUED


async def test_each_acknowledged_enqueue_was_synced_and_a_claim_was_not(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("headrace.backends.sqlite.log_file._sync", synced.append)
    for count in range(1, 4):
        await backend.jobs.enqueue_many([job()])
        assert len(synced) == count
    await claim_one(backend)
    assert len(synced) == 3
