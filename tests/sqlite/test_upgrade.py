"""A file that the first release wrote, with jobs in every state, in the hands of this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.backends.sqlite.schema import MIGRATIONS, script
from headrace.backends.sqlite.statements import split
from tests.cli.support import Cli
from tests.upgrade.checks import finishes_everything, kept, keys_still_hold, reads_everything

EXPECTED = "sqlite-0001.json"


@pytest.fixture
def old(path: Path) -> str:
    """Its URL."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(kept("sqlite-0001.sql"))
    return f"sqlite:///{path}"


@pytest.fixture
def upgraded(old: str) -> str:
    """The same after the command that a person runs."""
    told = Cli(old).ok("store", "migrate", "up")
    assert told.split("\n")[: len(MIGRATIONS) - 1] == [f"applied {name}" for name in MIGRATIONS[1:]]
    Cli(old).ok("store", "migrate", "status")
    return old


async def test_every_job_is_read_as_before(upgraded: str) -> None:
    await reads_everything(upgraded, EXPECTED)


async def test_every_job_runs_to_its_end(upgraded: str) -> None:
    await finishes_everything(upgraded, EXPECTED)


async def test_idempotency_keys_still_hold(upgraded: str) -> None:
    await keys_still_hold(lambda clock: SqliteBackend(upgraded, clock=clock))


async def test_opening_the_file_upgrades_it_as_well(old: str) -> None:
    await reads_everything(old, EXPECTED)


def test_the_file_is_sound_afterwards(upgraded: str) -> None:
    assert Cli(upgraded).ok("store", "check").endswith("is sound\n")


def test_the_first_migration_is_as_it_was_released(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "then.db")) as then, closing(sqlite3.connect(tmp_path / "now.db")) as now:
        then.executescript(kept("sqlite-0001.sql"))
        for statement in split(script(MIGRATIONS[0])):
            now.execute(statement)
        schemas = [
            {row[0] for row in each.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
            for each in (then, now)
        ]
    assert schemas[0] == schemas[1]
