"""Workers of an app: configured in one place, and opening the app when nobody has."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import Headrace, WorkerConfig, seconds
from headrace.app.worker import WorkerSettings, worker_config
from headrace.backends.memory import MemoryBackend
from headrace.errors import ConfigError, Unavailable


async def greet(name: str) -> str:
    return f"Hello, {name}!"


async def test_a_worker_runs_jobs_of_the_queues_it_was_given() -> None:
    app = Headrace("memory://")
    task = app.task(queue="mail")(greet)
    async with app, app.worker(queues={"mail": 2}):
        assert await (await task.enqueue("Ada")).result(timeout=5) == "Hello, Ada!"
        workers = await app.workers()
        assert [dict(worker.queues) for worker in workers] == [{"mail": 2}]
    assert not app.is_open


async def test_a_worker_that_was_given_none_serves_every_queue_that_a_task_names() -> None:
    app = Headrace("memory://")
    assert app.task_queues() is None
    task = app.task(queue="mail")(greet)
    async with app, app.worker():
        assert await (await task.enqueue("Ada")).result(timeout=5) == "Hello, Ada!"
        assert [dict(worker.queues) for worker in await app.workers()] == [{"mail": 10}]
    said = Headrace("memory://", worker=WorkerConfig(queues={"letters": 1}))
    said.task(queue="mail")(greet)
    assert said.task_queues() is None


async def test_a_worker_started_before_its_app_opens_it_and_closes_it_again() -> None:
    app = Headrace("memory://")
    task = app.task(greet)
    async with app.worker() as worker:
        assert await (await task.enqueue("Ada")).result(timeout=5) == "Hello, Ada!"
        assert worker.health().ok
    assert not app.is_open


async def test_a_worker_leaves_an_app_open_that_it_found_open() -> None:
    async with Headrace("memory://") as app:
        async with app.worker():
            pass
        assert app.is_open


async def test_a_worker_that_cannot_start_leaves_no_open_app() -> None:
    backend = MemoryBackend()

    async def fail() -> None:
        raise Unavailable("the disk is away")

    backend.open = fail  # type: ignore[method-assign]
    app = Headrace(backend=backend)
    with pytest.raises(Unavailable, match="the disk is away"):
        async with app.worker():
            raise AssertionError
    assert not app.is_open


def test_settings_of_a_worker_override_those_of_the_app() -> None:
    base = WorkerConfig(queues={"mail": 3}, grace=seconds(1))
    config = worker_config(base, None, {"lease": seconds(5)})
    assert (config.queues, config.grace, config.lease) == ({"mail": 3}, seconds(1), seconds(5))
    assert worker_config(base, ["a", "b"], {}).queues == {"a": 10, "b": 10}


@pytest.mark.parametrize(
    ("queues", "settings", "told"),
    [
        ("mail", {}, r"queues takes several: queues=\['mail'\] or queues=\{'mail': 10\}"),
        ([], {}, "queues is empty"),
        ({"mail": 0}, {}, r"queues\['mail'\] is the number of jobs to run at once, at least 1; got 0"),
        (None, {"concurrency": 5}, "a worker has no setting 'concurrency'; there are: queues, lease"),
        (None, {"lease": seconds(0)}, "lease must be between 100 ms and 1 h"),
        (None, {"grace": 30}, r"grace is a timedelta, such as seconds\(30\) or days\(7\); got 30"),
    ],
)
def test_a_wrong_setting_is_refused(queues: Any, settings: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Headrace("memory://").worker(queues, **settings)


def test_every_field_of_the_config_can_be_given_to_a_worker() -> None:
    assert {*WorkerSettings.__annotations__, "queues"} == set(WorkerConfig.__struct_fields__)
