"""Limits over workers of one file: exact, and no slower than they have to be."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import apsw

from headrace import Headrace


async def test_workers_on_one_file_keep_to_a_limit_and_wake_one_another_when_a_place_is_free(path: Path) -> None:
    running = most = 0

    def make_app() -> Headrace:
        app = Headrace(f"sqlite:///{path}")

        @app.task(name="send", queue="mail", partition_by="number")
        async def send(number: int) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

        return app

    first, second = make_app(), make_app()
    async with first, second:
        await first.configure_queue("mail", concurrency=2, key_concurrency=1, fair=True)
        # Were a free place found by polling alone, 60 jobs would take minutes.
        begun = time.monotonic()
        async with first.worker(queues={"mail": 8}), second.worker(queues={"mail": 8}):
            send = first.find_task("send")
            jobs = await first.enqueue_many([send.call(n % 7) for n in range(60)])
            for job in jobs:
                await job.result(timeout=60)
        assert time.monotonic() - begun < 30
    assert most == 2


async def test_a_rate_is_kept_to_and_used_up(path: Path) -> None:
    app = Headrace(f"sqlite:///{path}")

    @app.task(queue="mail")
    async def send(number: int) -> None: ...

    async with app:
        await app.configure_queue("mail", rate="20/s burst 2")
        jobs = await app.enqueue_many([send.call(n) for n in range(22)])
        begun = time.monotonic()
        async with app.worker(queues={"mail": 8}):
            for job in jobs:
                await job.result(timeout=60)
        assert 1.0 <= time.monotonic() - begun < 20


async def test_a_restart_of_the_host_refills_the_buckets(path: Path) -> None:
    """They are counted by a clock that starts anew with the host."""
    async with Headrace(f"sqlite:///{path}") as app:
        await app.limit("queue:mail", rate="1/h")
        task = app.task(name="t", queue="mail")(_nothing)
        job = await task.enqueue()
        async with app.worker(queues={"mail": 1}):
            await job.result(timeout=60)
        [usage] = await app.limits()
        assert usage.tokens == 0
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE headrace_meta SET value = 'another boot' WHERE key = 'boot'")
    connection.close()
    async with Headrace(f"sqlite:///{path}") as app:
        [usage] = await app.limits()
        assert usage.tokens == 1


async def test_lanes_and_buckets_of_keys_that_are_gone_are_forgotten(path: Path) -> None:
    app = Headrace(f"sqlite:///{path}")
    task = app.task(name="t", queue="mail", partition_by="number")(_number)
    async with app:
        await app.configure_queue("mail", fair=True, key_rate="1000000/s")
        jobs = await app.enqueue_many([task.call(n) for n in range(50)])
        async with app.worker(queues={"mail": 8}, upkeep=False):
            for job in jobs:
                await job.result(timeout=60)
        await app.backend.jobs.prune(app.worker_config.retention, limit=1_000)
        connection = apsw.Connection(str(path))
        [(lanes, buckets)] = connection.execute(
            "SELECT (SELECT count(*) FROM headrace_lanes), (SELECT count(*) FROM headrace_buckets)"
        )
        connection.close()
        assert (lanes, buckets) == (0, 0)


async def _nothing() -> None: ...


async def _number(number: int) -> None: ...
