"""What ``headrace doctor`` finds: each fault is made for real, on a server of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend, diagnosing
from headrace.model.outcome import Completed
from headrace.storage.diagnosing import Diagnosis
from headrace.testing.conformance.builders import begin, enqueue, finish, job
from tests.cli.support import Cli
from tests.postgres.server import SETTINGS, Server

COUNT_NOW = """
DO $$ BEGIN
    IF to_regproc('pg_stat_force_next_flush') IS NOT NULL THEN PERFORM pg_stat_force_next_flush(); END IF;
END $$
"""
"""Tell the server's statistics what this session did: at once since version 15, before it at any end of a statement."""

TODAY = "date_trunc('day', now(), 'UTC')"


@pytest.fixture(scope="module")
def sick() -> Iterator[Server]:
    """A server that can prepare transactions, and takes few connections."""
    with Server({**SETTINGS, "max_prepared_transactions": "5", "max_connections": "25"}) as server:
        yield server


@pytest.fixture
async def store(sick: Server) -> AsyncIterator[Any]:
    """A store of its own, by the server's clock."""
    backend = PostgresBackend(sick.url())
    await backend.open()
    yield backend
    await backend.close()
    connection = await asyncpg.connect(sick.url())
    await connection.execute("DROP SCHEMA headrace CASCADE")
    await connection.close()


@pytest.fixture
async def sql(sick: Server) -> AsyncIterator[Any]:
    """Somebody's connection."""
    connection = await asyncpg.connect(sick.url(), server_settings={"application_name": "etl"})
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five minutes for a transaction to be old."""
    monkeypatch.setattr(diagnosing, "TRANSACTION_AGE_MAX", timedelta(0))


async def found(store: Any, check: str) -> Diagnosis:
    """The one finding of a check."""
    [finding] = [each for each in await store.diagnose() if each.check == check]
    assert isinstance(finding, Diagnosis)
    return finding


async def test_a_server_that_is_well_has_nothing_but_its_test_setting(store: Any) -> None:
    bad = [each.check for each in await store.diagnose() if each.level != "ok"]
    assert bad == ["durability"]  # the tests' server writes nothing through to the disk


async def test_an_idle_transaction_is_named_with_how_to_end_it(store: Any, sql: Any) -> None:
    pid = await sql.fetchval("SELECT pg_backend_pid()")
    async with sql.transaction():
        await sql.execute("SELECT txid_current()")
        finding = await found(store, "old transactions")
        assert finding.level == "fault"
        assert "(etl) is idle in transaction" in finding.message
        assert f"pg_terminate_backend({pid})" in finding.fix
    assert (await found(store, "old transactions")).level == "ok"


async def test_a_long_snapshot_is_named_too(store: Any, sql: Any) -> None:
    async with sql.transaction(isolation="repeatable_read"):
        await sql.fetchval("SELECT count(*) FROM pg_class")
        assert (await found(store, "old transactions")).level == "fault"


async def test_a_slot_without_a_reader_is_named(store: Any, sql: Any) -> None:
    await sql.execute("SELECT pg_create_physical_replication_slot('gone', true)")
    try:
        finding = await found(store, "replication slots")
        assert (finding.level, "slot gone" in finding.message) == ("fault", True)
    finally:
        await sql.execute("SELECT pg_drop_replication_slot('gone')")
    assert (await found(store, "replication slots")).level == "ok"


async def test_a_prepared_transaction_that_nobody_ended_is_named(store: Any, sql: Any) -> None:
    await sql.execute("BEGIN; CREATE TABLE left_over (n integer); PREPARE TRANSACTION 'two'")
    finding = await found(store, "prepared transactions")
    await sql.execute(finding.fix.partition(",")[0])
    assert "'two' of postgres" in finding.message
    assert (await found(store, "prepared transactions")).level == "ok"


async def test_autovacuum_that_was_switched_off_is_a_fault(store: Any, sql: Any) -> None:
    await sql.execute("ALTER TABLE headrace.jobs SET (autovacuum_enabled = off)")
    finding = await found(store, "autovacuum")
    await sql.execute(finding.fix)
    assert (finding.level, finding.message) == ("fault", "autovacuum is off for headrace.jobs")
    await sql.execute("ALTER SYSTEM SET autovacuum = off")
    await reload(sql, "autovacuum", "off")
    try:
        assert "ALTER SYSTEM SET autovacuum = on" in (await found_soon(store, "autovacuum")).fix
    finally:
        await sql.execute("ALTER SYSTEM RESET autovacuum")
        await reload(sql, "autovacuum", "on")


async def found_soon(store: Any, check: str) -> Diagnosis:
    """The finding of a check, once the store's own connection has heard of what was reloaded."""
    async with asyncio.timeout(30):
        while check not in (findings := {each.check: each for each in await store.diagnose()}):
            pass
    found: Diagnosis = findings[check]
    return found


async def reload(sql: Any, name: str, value: str) -> None:
    """Return once this session has the setting; others may hear of it a moment later."""
    await sql.execute("SELECT pg_reload_conf()")
    async with asyncio.timeout(30):
        while await sql.fetchval(f"SHOW {name}") != value:
            pass


async def test_dead_rows_and_an_empty_large_table_are_warned_of(
    store: Any, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosing, "DEAD_ROWS_MAX", 50)
    monkeypatch.setattr(diagnosing, "BYTES_EMPTY_MAX", 10_000)
    await sql.execute("ALTER TABLE headrace.jobs SET (autovacuum_enabled = off)")  # it could be quicker than the look
    await enqueue(store, *(job(payload=b" " * 1_000) for _ in range(100)))
    await sql.execute("DELETE FROM headrace.jobs")
    await sql.execute(COUNT_NOW)
    async with asyncio.timeout(30):
        while "headrace.jobs has 100 dead rows" not in str(await store.diagnose()):
            await sql.execute(COUNT_NOW)
    await sql.execute("VACUUM (TRUNCATE off) headrace.jobs")
    async with asyncio.timeout(30):
        while "headrace.jobs takes" not in str(await store.diagnose()):
            pass


async def test_a_clock_that_differs_is_told_with_its_way(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = time.time
    for ahead, level in ((30, "warning"), (300, "fault")):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: here() + ahead)
        finding = await found(store, "clocks")
        assert (finding.level, "behind this host's" in finding.message) == (level, True)


async def test_too_few_connections_are_warned_of(store: Any, sick: Server) -> None:
    others = [await asyncpg.connect(sick.url()) for _ in range(14)]
    try:
        finding = await found(store, "connections")
        assert (finding.level, "raise max_connections" in finding.fix) == ("warning", True)
    finally:
        for each in others:
            await each.close()


async def test_a_day_without_a_partition_is_told_and_the_fix_makes_it(store: Any, sql: Any) -> None:
    await sql.execute(f"SELECT headrace.drop_day({TODAY})")
    finding = await found(store, "history")
    assert (finding.level, "no partition" in finding.message) == ("warning", True)
    await sql.execute(finding.fix)
    assert (await found(store, "history")).level == "ok"


async def test_jobs_that_ended_without_a_partition_are_told_of(store: Any, sql: Any) -> None:
    await sql.execute(f"SELECT headrace.drop_day({TODAY})")
    await finish(store, await begin(store), Completed())
    await sql.execute("UPDATE headrace.succeeded_other SET finished_at = finished_at - interval '30 days'")
    await sql.execute(f"SELECT headrace.make_day({TODAY})")
    assert "deleted one by one" in (await found(store, "history")).message


async def test_a_server_that_makes_its_log_files_while_commits_wait_is_told_of(
    store: Any, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if await sql.fetchval("SELECT current_setting('server_version_num')::integer") < diagnosing.LOG_COUNTED_FROM:
        assert "log files" not in str(await store.diagnose())
        return
    assert (await found(store, "log files")).level == "ok"
    monkeypatch.setattr(diagnosing, "LOG_FILES_MIN", 2)
    await sql.execute("SELECT pg_stat_reset_shared('io')")
    async with asyncio.timeout(30):
        while (finding := await found(store, "log files")).level == "ok":
            await sql.execute("SELECT pg_logical_emit_message(false, 'headrace', '')")
            await sql.execute("SELECT pg_switch_wal()")
            await sql.execute(COUNT_NOW)
    assert (finding.level, "min_wal_size (now 80MB)" in finding.fix) == ("warning", True)


async def test_an_old_server_is_a_fault() -> None:
    assert diagnosing._version(130_011).level == "fault"


async def test_the_command_prints_each_with_its_fix(store: Any, sick: Server, sql: Any) -> None:
    await sql.execute("ALTER TABLE headrace.jobs SET (autovacuum_enabled = off)")
    result = await asyncio.to_thread(lambda: Cli(sick.url())("doctor", "--json"))
    checks = {each["check"]: each for each in json.loads(result.stdout)["checks"]}
    assert (result.exit_code, checks["autovacuum"]["fix"]) == (
        9,
        "ALTER TABLE headrace.jobs RESET (autovacuum_enabled)",
    )


async def test_transaction_ids_that_run_out_are_told_before_they_do(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = await found(store, "transaction ids")
    monkeypatch.setattr(diagnosing, "IDS_WARNING", 0)
    late = await found(store, "transaction ids")
    monkeypatch.setattr(diagnosing, "IDS_FAULT", 0)
    over = await found(store, "transaction ids")

    assert [each.level for each in (well, late, over)] == ["ok", "warning", "fault"]
    assert "autovacuum does not keep up" in late.message
    assert over.fix.startswith("VACUUM (FREEZE) ")


async def test_a_standby_whose_query_holds_vacuum_back_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "HELD_BY_STANDBY_MAX", 100)
    feedback = {**SETTINGS, "hot_standby_feedback": "on", "wal_receiver_status_interval": "1"}
    with Server(SETTINGS) as primary, Server(feedback, standby_of=primary) as standby:
        backend = PostgresBackend(primary.url())
        await backend.open()
        reader = await asyncpg.connect(standby.url())
        try:
            async with reader.transaction(isolation="repeatable_read"):
                await reader.fetchval("SELECT count(*) FROM pg_class")
                async with asyncio.timeout(30):
                    while (finding := await found(backend, "standbys")).level == "ok":
                        await enqueue(backend, job())
                assert "hot_standby_feedback is on" in finding.message
        finally:
            await reader.close()
            await backend.close()
