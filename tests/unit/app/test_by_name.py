"""Calls by name with plain data, for those who do not have a task's code."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import Headrace
from headrace.app.catalogue import publish, publish_records
from headrace.errors import ConfigError, InvalidArguments, UnknownTask
from headrace.model.catalogue import TaskRecord


@pytest.fixture
def there() -> Headrace:
    """An app whose task is known to this store by what its workers have told."""
    app = Headrace("memory://")

    @app.task(name="mail.send", queue="mail", max_attempts=3, version=2)
    def send(to: str, *, copies: int = 1, labels: list[str] | None = None) -> None: ...

    return app


async def test_a_task_whose_code_is_elsewhere_is_called_as_its_worker_told(there: Headrace) -> None:
    here = Headrace("memory://")
    async with here:
        await publish(here.backend.kv, [there.find_task("mail.send")], here.backend.clock.now())

        handle = await here.enqueue(await here.call_by_name("mail.send", ["ada"]))
        job = await handle.get()

        assert (job.queue, job.max_attempts, job.task_version, job.payload) == ("mail", 3, 2, b'{"to":"ada"}')


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "'to' is missing"),
        ({"to": 5}, "to is string; got 5"),
        ({"to": "ada", "copies": "two"}, "copies is integer"),
        ({"to": "ada", "labels": [1]}, "labels"),
        ({"to": "ada", "cc": "bob"}, "there is no 'cc'"),
        (["ada", 1, [], 4], "4 arguments by position; it takes 3"),
    ],
)
async def test_arguments_are_checked_by_what_the_worker_told(there: Headrace, arguments: Any, says: str) -> None:
    here = Headrace("memory://")
    async with here:
        await publish(here.backend.kv, [there.find_task("mail.send")], here.backend.clock.now())
        with pytest.raises(InvalidArguments, match=says.replace("'", ".")):
            await here.call_by_name("mail.send", arguments)


async def test_a_name_that_nobody_knows_is_refused_with_near_ones(there: Headrace) -> None:
    async with there:
        with pytest.raises(UnknownTask, match=r"near names: mail\.send"):
            await there.call_by_name("mail.sent", {})


async def test_the_key_of_a_unique_job_has_to_be_named_where_the_code_is_elsewhere(there: Headrace) -> None:
    here = Headrace("memory://")
    async with here:
        await publish(here.backend.kv, [there.find_task("mail.send")], here.backend.clock.now())
        call = await here.call_by_name("mail.send", {"to": "ada"})

        assert not (await here.enqueue(call.options(unique="welcome:7"))).duplicate
        with pytest.raises(ConfigError, match="key"):
            await here.enqueue(call.options(unique=True))


async def test_what_code_has_told_is_not_written_over_by_a_worker_without_code(there: Headrace) -> None:
    here = Headrace("memory://")
    record = TaskRecord(name="", version=1, reference="", executor="http", queue="q", priority=5, max_attempts=5)
    async with here:
        await publish(here.backend.kv, [there.find_task("mail.send")], here.backend.clock.now())
        await publish_records(here.backend.kv, [_named(record, "mail.send"), _named(record, "shell.greet")])

        assert {each.name: each.queue for each in await here.catalogue()} == {"mail.send": "mail", "shell.greet": "q"}


def _named(record: TaskRecord, name: str) -> TaskRecord:
    from msgspec.structs import replace

    return replace(record, name=name)
