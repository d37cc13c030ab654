"""The triggers of lanes are there while they are needed, however that came about, and cost nothing otherwise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.backends.sqlite.lane_triggers import LANE_TRIGGERS
from headrace.backends.sqlite.schema import VERSION
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.queue import QueueSettings
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import claim, enqueue, ids_of, job
from tests.sqlite.old_schema import write_schema

OF_TASK = LimitTarget(LimitScope.TASK, "t")
ALL = {f"headrace_jobs_{name}" for name in LANE_TRIGGERS}


def triggers(path: Path) -> set[str]:
    with closing(apsw.Connection(str(path))) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")}


async def test_a_store_without_lanes_has_no_triggers(backend: SqliteBackend, path: Path) -> None:
    await backend.queues.configure_many([QueueSettings(name="default", paused=True)])
    assert triggers(path) == set()


async def test_they_come_with_the_first_limit_that_makes_lanes_and_go_with_the_last(
    backend: SqliteBackend, path: Path
) -> None:
    await backend.limits.set_many([Limit(target=OF_TASK, concurrency=1)])
    await backend.queues.configure_many([QueueSettings(name="default", fair=True)])
    assert triggers(path) == ALL
    await backend.limits.remove_many([OF_TASK])
    assert triggers(path) == ALL
    await backend.queues.configure_many([QueueSettings(name="default")])
    assert triggers(path) == set()


async def test_a_limit_that_comes_goes_and_comes_again_holds_jobs_of_before_and_between(
    backend: SqliteBackend,
) -> None:
    ids = await enqueue(backend, job(), job())
    for _ in range(2):
        await backend.limits.set_many([Limit(target=OF_TASK, concurrency=1)])
        await backend.limits.remove_many([OF_TASK])
        ids += await enqueue(backend, job())
    await backend.limits.set_many([Limit(target=OF_TASK, concurrency=1)])
    assert ids_of(await claim(backend, 10)) == ids[:1]
    await backend.limits.remove_many([OF_TASK])
    assert ids_of(await claim(backend, 10)) == ids[1:]


@pytest.mark.parametrize("version", [6, VERSION])
async def test_a_file_with_limits_that_lacks_them_gets_them_when_it_is_opened(
    version: int, clock: FrozenClock, path: Path
) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        write_schema(connection, version)
        connection.execute("INSERT INTO headrace_limits VALUES ('task', 't', '', 1, NULL, NULL, NULL)")
    backend = SqliteBackend(f"sqlite:///{path}", clock=clock)
    await backend.open()
    try:
        assert triggers(path) == ALL
        ids = await enqueue(backend, job(), job())
        assert ids_of(await claim(backend, 10)) == ids[:1]
    finally:
        await backend.close()
