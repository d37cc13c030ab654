"""What type checkers must understand of correct programs. Never run; see ``test_typing.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, assert_type

from headrace import (
    Blueprint,
    Call,
    Exponential,
    Headrace,
    Inject,
    JobHandle,
    JobState,
    Middleware,
    Schedule,
    Task,
    minutes,
    seconds,
)
from headrace.app.sync_handle import SyncJobHandle
from headrace.model.job import Job
from headrace.testing import AppHarness, DrainReport, EnqueuedJob

app = Headrace("memory://")


@app.task
async def greet(name: str, *, loud: bool = False) -> str:
    return name.upper() if loud else name


@app.task
def add(a: int, b: int) -> int:
    return a + b


@app.task(queue="mail", retry=Exponential(base=seconds(2), attempts=8), timeout=seconds(30))
async def send(to: str) -> dict[str, int]:
    return {to: 1}


@app.task(executor="process", keep_result=False)
def crunch(*numbers: float, scale: float = 1.0) -> None: ...


mail = Blueprint(prefix="mail.", queue="mail", retry=Exponential(attempts=3))


@mail.task
async def remind(to: str, *, days: int = 1) -> bool:
    return days > 0


@mail.task(priority="high")
def note(to: str) -> int:
    return len(to)


@app.batch_task(size=100, wait=seconds(1), queue="search")
async def index(pages: list[str]) -> list[int]:
    return [len(page) for page in pages]


class Database: ...


@app.provider
async def database() -> AsyncIterator[Database]:
    yield Database()


@app.provider(scope="job")
def name() -> str:
    return "Ada"


assert_type(name(), str)
app.provide(bytes, lambda: b"", scope="job")


@app.task
async def query(sql: str, db: Database = Inject()) -> int:
    return len(sql)


@app.batch_task()
def store(rows: list[int], db: Database = Inject()) -> None: ...


@app.middleware
class Nothing(Middleware): ...


assert_type(app.middleware(Nothing()), Nothing)


async def nightly() -> bytes:
    return b""


async def main() -> None:
    assert_type(await greet.enqueue("Ada"), JobHandle[str])
    assert_type(await (await greet.enqueue("Ada", loud=True)).result(timeout=5), str)
    assert_type(await (await add.enqueue(1, b=2)).result(timeout=seconds(5)), int)
    assert_type(add.call(1, 2), Call[int])
    assert_type(await send.options(delay=minutes(5), idempotency_key="k").enqueue("Ada"), JobHandle[dict[str, int]])
    assert_type(send.call("Ada").options(priority=9, run_at=None), Call[dict[str, int]])
    assert_type(await app.enqueue(greet.call("Ada"), connection=None), JobHandle[str])
    assert_type(await app.enqueue_many([add.call(1, 2)]), list[JobHandle[int]])
    assert_type(await app.enqueue_many(add.call(n, n) for n in range(3)), list[JobHandle[int]])
    assert_type(await crunch.enqueue(1.0, 2.0, scale=3.0), JobHandle[None])
    assert_type(app.job("id"), JobHandle[Any])
    assert_type(await remind.enqueue("Ada", days=2), JobHandle[bool])
    assert_type(note.call("Ada"), Call[int])
    assert_type(await query.enqueue("select 1"), JobHandle[int])
    assert_type(await index.enqueue("page"), JobHandle[int])
    assert_type(store.call(5), Call[None])
    assert_type(await index(["page"]), Any)
    with app.override(Database, Database()):
        assert_type(await query("select 1", Database()), Any)
    assert_type(await (await greet.enqueue("Ada")).state(), JobState)
    assert_type((await app.find(states=["dead", JobState.QUEUED])).items, list[Job])
    task: Task[[], bytes] = app.task(nightly)
    assert_type(await (await task.enqueue()).result(), bytes)
    named: Task[[], bytes] = app.task(name="nightly")(nightly)
    assert_type(named.call(), Call[bytes])
    async with app, app.worker(queues={"mail": 10}, grace=seconds(5)) as worker:
        assert_type(worker.health().ok, bool)
    app.worker(["mail", "default"])
    assert_type(app.cron("@daily", timezone="Europe/Paris", overlap="skip")(named), Task[[], bytes])
    assert_type(await app.schedules.create("add", minutes(5), add.call(1, 2), misfire="all"), Schedule)
    assert_type((await app.schedules.next("add"))[0].at, datetime)


app.include(mail)


def script() -> None:
    with app.sync:
        assert_type(app.sync.enqueue(greet.call("Ada")), SyncJobHandle[str])
        assert_type(app.sync.enqueue(add.call(1, 2)).result(timeout=5), int)
        assert_type(app.sync.schedules.list(), list[Schedule])
        assert_type(app.sync.enqueue_many([send.call("Ada")]), list[SyncJobHandle[dict[str, int]]])


async def under_test(harness: AppHarness) -> None:
    assert_type(await harness.run(greet, "Ada", loud=True), str)
    assert_type(await harness.run(add.call(1, 2)), int)
    assert_type(harness.sync.run(send, "Ada"), dict[str, int])
    assert_type(await harness.drain(), DrainReport)
    assert_type(harness.assert_enqueued(greet, name="Ada"), list[EnqueuedJob])
