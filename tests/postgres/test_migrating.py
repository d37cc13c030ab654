"""The schema: made in an empty database, refused when it is old, brought on and back by a person's command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib import resources
from typing import Any

import asyncpg
import pytest
from click.testing import Result

from headrace.backends.postgres import PostgresBackend, schema
from headrace.backends.postgres.location import parse_url
from headrace.backends.postgres.migrating import PostgresMigrator
from headrace.errors import ReadOnly, SchemaOutdated, Unavailable, Unsupported
from headrace.model.event import EventRetention
from headrace.model.job import UniqueKey
from headrace.model.outcome import Completed
from headrace.model.queue import Retention
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim_one, enqueue, finish, job
from headrace.testing.conformance.limiting import limit
from tests.cli.support import Cli
from tests.postgres.server import Server
from tests.postgres.waiting import until_blocked_by


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[str]:
    """The URL of a schema that is not there yet."""
    yield f"{server.url()}?schema=fresh"
    connection = await asyncpg.connect(server.url())
    await connection.execute("DROP SCHEMA IF EXISTS fresh CASCADE")
    await connection.close()


async def run(url: str, *args: str) -> Result:
    """A command on the store."""
    return await asyncio.to_thread(lambda: Cli(url)("store", "migrate", *args))


async def execute(server: Server, *statements: str) -> None:
    """As the owner of the server."""
    connection = await asyncpg.connect(server.url())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def of_the_release_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code know one migration less."""
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:-1])
    monkeypatch.setattr(schema, "VERSION", schema.VERSION - 1)


async def make_old(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema of the release before."""
    location = parse_url(url)
    with monkeypatch.context() as patched:
        of_the_release_before(patched)
        connection: Any = await asyncpg.connect(location.dsn)
        await schema.create(connection, location.schema)
        await connection.close()


async def test_an_empty_database_gets_its_schema_when_it_is_opened(empty: str) -> None:
    assert (await run(empty, "status")).exit_code == 1
    backend = PostgresBackend(empty)
    await backend.open()
    await backend.close()
    status = await run(empty, "status")
    assert (status.exit_code, "pending" in status.stdout) == (0, False)


async def test_processes_that_start_together_on_an_empty_database_make_it_once(empty: str) -> None:
    backends = [PostgresBackend(empty) for _ in range(4)]
    await asyncio.gather(*(each.open() for each in backends))
    for each in backends:
        await each.close()


async def test_an_old_schema_is_refused_with_the_command_that_brings_it_on(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_old(empty, monkeypatch)
    with pytest.raises(SchemaOutdated, match="headrace store migrate up"):
        await PostgresBackend(empty).open()
    assert schema.MIGRATIONS[-1] in (await run(empty, "plan")).stdout
    up = await run(empty, "up")
    assert (up.exit_code, up.stdout.splitlines()[0]) == (0, f"applied {schema.MIGRATIONS[-1]}")
    backend = PostgresBackend(empty)
    await backend.open()
    await enqueue(backend, job())
    await backend.close()
    assert "nothing is pending" in (await run(empty, "plan")).stdout
    assert "as this release needs it" in (await run(empty, "up")).stdout


async def test_a_worker_of_the_release_before_can_start_on_the_new_schema_until_the_step_after_the_deploy(
    empty: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_old(empty, monkeypatch)
    await run(empty, "up")
    connection: Any = await asyncpg.connect(server.url())
    with monkeypatch.context() as patched:
        of_the_release_before(patched)
        await schema.prepare(connection, "fresh")
        await schema.note(connection, "fresh", "oldest", schema.VERSION + 1)
        with pytest.raises(SchemaOutdated, match="upgrade headrace on this host"):
            await schema.prepare(connection, "fresh")
    await connection.close()


async def test_the_dumped_statements_do_what_up_does(empty: str, server: Server) -> None:
    await execute(server, (await run(empty, "plan", "--dump-sql")).stdout)
    assert (await run(empty, "status")).exit_code == 0
    backend = PostgresBackend(empty)
    await backend.open()
    await enqueue(backend, job())
    await backend.close()


async def test_a_step_goes_back_where_there_is_a_way_and_is_refused_where_there_is_none(empty: str) -> None:
    await run(empty, "up")
    before = schema.VERSION - 1
    assert f"took back {schema.MIGRATIONS[-1]}" in (await run(empty, "down", "--to", str(before))).stdout
    assert (await run(empty, "status")).exit_code == 1
    refused = await run(empty, "down", "--to", "1")
    if before > 1:
        assert "no way back" in refused.stderr
    assert (await run(empty, "up")).exit_code == 0


async def test_a_step_that_waits_for_a_lock_gives_way_and_comes_again(
    empty: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_old(empty, monkeypatch)
    location = parse_url(empty)
    migrator = PostgresMigrator(location, lambda: asyncpg.connect(location.dsn), lock_wait_ms=20)
    connection: Any = await asyncpg.connect(server.url())
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE fresh.meta IN ACCESS EXCLUSIVE MODE")
            monkeypatch.setattr("headrace.backends.postgres.migrating.PAUSE_S_MAX", 0.1)
            going = asyncio.create_task(migrator.up())
            await until_blocked_by(connection)
        assert await going == [schema.MIGRATIONS[-1]]
        async with connection.transaction():
            await schema.lock(connection, "fresh")
            monkeypatch.setattr("headrace.backends.postgres.migrating.TRIES_MAX", 2)
            await migrator_refused(migrator)
    finally:
        await connection.close()


async def migrator_refused(migrator: PostgresMigrator) -> None:
    """Without its lock it ends, and says who to look for."""
    with pytest.raises(Unavailable, match="headrace doctor"):
        await migrator.down(to=schema.VERSION - 1)


async def test_two_that_migrate_at_once_do_it_once(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_old(empty, monkeypatch)
    done = await asyncio.gather(*(PostgresBackend(empty).migrator().up() for _ in range(3)))
    assert sorted(map(len, done)) == [0, 0, 1]


async def test_a_user_with_few_rights_does_all_the_work_and_changes_no_table(empty: str, server: Server) -> None:
    await execute(server, "DROP ROLE IF EXISTS app", "DROP ROLE IF EXISTS analyst", "CREATE ROLE app LOGIN",
                  "CREATE ROLE analyst LOGIN")  # fmt: skip
    as_app = empty.replace("postgres@", "app@")
    with pytest.raises(ReadOnly, match="store migrate up"):
        await PostgresBackend(as_app).open()
    await run(empty, "up")
    grants = await asyncio.to_thread(lambda: Cli(empty).ok("store", "grants", "app"))
    reports = await asyncio.to_thread(lambda: Cli(empty).ok("store", "grants", "analyst", "--reports"))
    try:
        await execute(server, grants, reports)
        await work_as(as_app)
        connection = await asyncpg.connect(server.url().replace("postgres@", "app@"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE fresh.mine (n integer)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE fresh.meta SET value = '99'")
        await connection.close()
        connection = await asyncpg.connect(server.url().replace("postgres@", "analyst@"))
        assert await connection.fetchval("SELECT sum(jobs) FROM fresh.report_counts") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT * FROM fresh.jobs")
        await connection.close()
    finally:
        for role in ("app", "analyst"):
            await execute(server, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


async def test_a_user_that_may_only_enqueue_does_so_in_every_way_and_reads_no_payload(
    empty: str, server: Server
) -> None:
    await execute(server, "DROP ROLE IF EXISTS shop", "CREATE ROLE shop LOGIN")
    await run(empty, "up")
    try:
        await execute(server, await asyncio.to_thread(lambda: Cli(empty).ok("store", "grants", "shop", "--enqueue")))
        await enqueue_as(empty.replace("postgres@", "shop@"), owner=empty)
        connection = await asyncpg.connect(server.url().replace("postgres@", "shop@"))
        await connection.fetchval("SELECT fresh.enqueue('t', '{}')")
        for refused in REFUSED_TO_ENQUEUERS:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(refused)
        await connection.close()
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT count(*) FROM fresh.jobs") == STORED
        await connection.close()
    finally:
        await execute(server, "DROP OWNED BY shop", "DROP ROLE shop")


STORED = 8
REFUSED_TO_ENQUEUERS = (
    "SELECT payload FROM fresh.jobs",
    "DELETE FROM fresh.jobs",
    "UPDATE fresh.jobs SET priority = 9",
    "SELECT * FROM fresh.report_jobs",
    "SELECT fresh.drop_day(now())",
)


async def enqueue_as(url: str, *, owner: str) -> None:
    """One job, many of a kind, some that differ, with keys, with a key that is taken, in a lane, and with a journal."""
    backend, owners = PostgresBackend(url), PostgresBackend(owner)
    await backend.open()
    await owners.open()
    try:
        await enqueue(backend, job())
        await enqueue(backend, job(), job())
        await enqueue(backend, job(priority=1), job(idempotency_key="k"))
        [again] = await backend.jobs.enqueue_many([job(idempotency_key="k")])
        assert again.duplicate
        await enqueue(backend, job(unique=UniqueKey(key="u")))
        [taken] = await backend.jobs.enqueue_many([job(unique=UniqueKey(key="u"))])
        assert taken.duplicate
        await limit(owners, "keys:default", concurrency=1)
        await owners.events.enable(EventRetention())
        await enqueue(backend, job(partition="p"))
        with pytest.raises(ReadOnly, match="store grants"):
            await claim_one(backend)
    finally:
        await backend.close()
        await owners.close()


async def work_as(url: str) -> None:
    """What a worker does, the making and dropping of days included."""
    clock = FrozenClock()
    backend: Any = PostgresBackend(url, clock=clock)
    await backend.open()
    try:
        await enqueue(backend, job())
        await finish(backend, await claim_one(backend), Completed(result=b"1"))
        clock.advance(timedelta(days=3))
        assert await backend.jobs.prune(Retention(succeeded=timedelta(days=1)), limit=100) == 1
        await enqueue(backend, job())
    finally:
        await backend.close()


async def test_a_file_tells_its_version_and_goes_nowhere_back(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    assert (await run(url, "status")).exit_code == 1
    assert (await run(url, "up")).stdout.startswith("applied 0001_foundation")
    assert (await run(url, "status")).exit_code == 0
    assert "no way back" in (await run(url, "down", "--to", "1")).stderr


def test_every_file_of_migrations_belongs_to_one() -> None:
    folder = resources.files(schema.__package__).joinpath("migrations")
    names = {file.name.partition(".")[0] for file in folder.iterdir() if file.name.endswith(".sql")}
    assert names == set(schema.MIGRATIONS)


async def test_what_has_no_way_back_is_refused_before_anything_is_changed(empty: str) -> None:
    migrator = PostgresBackend(empty).migrator()
    await migrator.up()
    with pytest.raises(Unsupported, match="has no way back"):
        await migrator.down(to=0)
    assert not (await migrator.state()).pending()
