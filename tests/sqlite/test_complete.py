"""A handler's effect and the end of its job in one transaction."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from headrace import Exponential, Headrace, JobState, current_job, seconds
from headrace.errors import JobFailed


@pytest.fixture
async def app(path: Path) -> AsyncIterator[Headrace]:
    app = Headrace(f"sqlite:///{path}?driver=sqlite3")
    async with app:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE payments (amount INTEGER)")
            connection.commit()
        yield app


def payments(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT amount FROM payments")]


@pytest.mark.parametrize("executor", ["thread", "loop"])
async def test_the_effect_and_the_end_of_the_job_commit_together(app: Headrace, path: Path, executor: str) -> None:
    def pay(amount: int) -> str:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO payments VALUES (?)", (amount,))
            current_job().complete(connection, result="paid")
            connection.commit()
        return "not stored"

    async def pay_on_the_loop(amount: int) -> str:
        return pay(amount)

    task = app.task(name="pay")(pay) if executor == "thread" else app.task(name="pay")(pay_on_the_loop)
    async with app.worker():
        job = await task.enqueue(5)
        assert await job.result(timeout=20) == "paid"
    assert payments(path) == [5]
    [attempt] = await app.attempts(job.id)
    assert (attempt.number, attempt.cpu_s is not None) == (1, executor == "thread")


async def test_after_a_rollback_the_job_runs_again_and_the_effect_is_there_once(app: Headrace, path: Path) -> None:
    @app.task(name="pay", retry=Exponential(base=seconds(0), jitter=0))
    def pay(amount: int) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO payments VALUES (?)", (amount,))
            current_job().complete(connection)
            if current_job().attempt == 1:
                connection.rollback()
                raise RuntimeError("the power went")
            connection.commit()

    async with app.worker():
        job = await pay.enqueue(5)
        await job.result(timeout=20)
    assert payments(path) == [5]
    assert (await job.get()).attempt == 2


async def test_an_error_after_the_commit_changes_nothing(app: Headrace, path: Path) -> None:
    @app.task(name="pay")
    def pay(amount: int) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO payments VALUES (?)", (amount,))
            current_job().complete(connection)
            connection.commit()
        raise RuntimeError("too late to matter")

    async with app.worker():
        job = await pay.enqueue(5)
        await job.result(timeout=20)
    assert await job.state() is JobState.SUCCEEDED
    assert payments(path) == [5]


async def test_a_store_without_transactions_says_so() -> None:
    app = Headrace("memory://")

    @app.task(name="pay", max_attempts=1)
    def pay() -> None:
        current_job().complete(object())

    async with app, app.worker():
        job = await pay.enqueue()
        with pytest.raises(JobFailed, match="cannot finish a job within your transaction"):
            await job.result(timeout=20)
