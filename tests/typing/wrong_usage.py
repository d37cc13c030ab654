"""What type checkers must refuse. Never run; ``test_typing.py`` takes the comments away and counts the errors.

Each wrong line carries the error that mypy must report there, in the form that lets the rest of the gate pass.
"""

from __future__ import annotations

import headrace
import headrace.testing
from headrace import Headrace, Inject, JobHandle, Task, minutes

taks = headrace.Taks  # type: ignore[attr-defined]
harness = headrace.testing.Harness  # type: ignore[attr-defined]

app = Headrace("memory://")


class Database: ...


@app.task
async def greet(name: str, *, loud: bool = False) -> str:
    return name.upper() if loud else name


@app.task(queue="mail")
def add(a: int, b: int) -> int:
    return a + b


@app.task(executor="gpu")  # type: ignore[call-overload, untyped-decorator]
def crunch() -> None: ...


@app.batch_task(size=2)
async def store(rows: list[int]) -> None: ...


@app.task
async def query(sql: str, db: Database = Inject()) -> int:
    return len(sql)


@app.provider(scope="request")  # type: ignore[call-overload, untyped-decorator]
def database() -> Database:
    return Database()


@app.task(que="mail")  # type: ignore[call-overload, untyped-decorator]
def send() -> None: ...


async def main() -> None:
    await greet.enqueue(5)  # type: ignore[arg-type]
    await store.enqueue([5])  # type: ignore[arg-type]
    await store.enqueue("row")  # type: ignore[arg-type]
    await query.enqueue(5)  # type: ignore[arg-type]
    await query.enqueue("select 1", table="x")  # type: ignore[call-arg]
    await greet.enqueue()  # type: ignore[call-arg]
    await greet.enqueue("Ada", True)  # type: ignore[call-arg]
    await greet.enqueue("Ada", lout=True)  # type: ignore[call-arg]
    greet.call(name=b"Ada")  # type: ignore[arg-type]
    add.call(1, "2")  # type: ignore[arg-type]
    add.options(priority="urgent")  # type: ignore[arg-type]
    add.options(prio=9)  # type: ignore[call-arg]
    add.options(delay=5)  # type: ignore[arg-type]
    add.call(1, 2).options(run_at="tomorrow")  # type: ignore[arg-type]
    wrong_result: JobHandle[str] = await add.enqueue(1, 2)  # type: ignore[assignment]
    number: int = await (await greet.enqueue("Ada")).result()  # type: ignore[assignment]
    await app.enqueue(greet)  # type: ignore[arg-type]
    await app.enqueue_many([greet.call("Ada"), "Bob"])  # type: ignore[arg-type]
    wrong_task: Task[[int], str] = greet  # type: ignore[assignment]
    await (await greet.enqueue("Ada")).result(timeout="5s")  # type: ignore[arg-type]
    app.worker(queues=10)  # type: ignore[arg-type]
    app.worker(graces=minutes(1))  # type: ignore[call-arg]
    app.sync.enqueue(add.call(1, 2)).result().upper()  # type: ignore[attr-defined]
    app.cron("@daily", overlap="wait")  # type: ignore[arg-type]
    app.every(5)  # type: ignore[arg-type]
    await app.schedules.create("add", 5, add.call(1, 2))  # type: ignore[arg-type]
    await app.schedules.create("add", "@daily", add)  # type: ignore[arg-type]
    del wrong_result, number, wrong_task
