"""The app for code without an event loop."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from headrace import Headrace, JobState, minutes
from headrace.errors import JobNotFound, StorageError, Unsupported, UsageError
from headrace.model.ids import new_job_id
from headrace.model.operation import OperationState


async def greet(name: str) -> str:
    return f"Hello, {name}!"


@pytest.fixture(params=["memory", "sqlite"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Headrace]:
    app = Headrace("memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'jobs.db'}")
    app.task(name="greet")(greet)
    with app.sync:
        yield app


def calls(app: Headrace, *names: str) -> list[str]:
    task = app.find_task("greet")
    return [handle.id for handle in app.sync.enqueue_many(task.call(name) for name in names)]


def test_jobs_are_enqueued_read_and_changed_without_a_loop(app: Headrace) -> None:
    task = app.find_task("greet")
    handle = app.sync.enqueue(task.options(queue="mail", idempotency_key="k").call("Ada"))
    assert handle.state() is JobState.QUEUED
    assert handle.get().payload == b'{"name":"Ada"}'
    assert app.sync.enqueue(task.options(queue="mail", idempotency_key="k").call("Ada")).duplicate
    assert [job.id for job in app.sync.find(queues=["mail"]).items] == [handle.id]
    assert [each.count for each in app.sync.counts()] == [1]
    app.sync.pause("mail", reason="why not")
    assert [queue.pause_reason for queue in app.sync.queues()] == ["why not"]
    app.sync.resume("mail")
    assert handle.cancel("not needed").changed
    assert handle.get().reason == "not needed"
    assert handle.retry().changed
    assert app.sync.wake([handle.id])[0].changed
    assert app.sync.attempts(handle.id) == []
    assert app.sync.logs(handle.id) == []
    assert app.sync.workers() == []
    assert app.sync.job(handle.id) == handle
    assert len({app.sync.job(handle.id), handle}) == 1
    assert app.sync.delete([handle.id])[0].changed
    assert repr(handle) == f"<SyncJobHandle {handle.id} of greet>"


def test_errors_are_raised_where_they_are_made(app: Headrace) -> None:
    with pytest.raises(JobNotFound):
        app.sync.get(new_job_id())
    handle = app.sync.enqueue(app.find_task("greet").call("Ada").options(delay=minutes(5)))
    with pytest.raises(TimeoutError, match=r"has not ended within 0\.01 s"):
        handle.result(timeout=0.01)


def test_threads_may_call_at_the_same_time(app: Headrace) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: calls(app, str(number))[0], range(100)))
    assert len(set(ids)) == 100
    assert [each.count for each in app.sync.counts()] == [100]


def test_a_handler_in_a_thread_can_enqueue_and_read_results(app: Headrace) -> None:
    task = app.find_task("greet")

    @app.task
    def outer() -> str:
        return str(app.sync.enqueue(task.call("inner")).result(timeout=10))

    async def main() -> str:
        async with app, app.worker():
            return await (await outer.enqueue()).result(timeout=10)

    assert asyncio.run(main()) == "Hello, inner!"


def test_on_a_running_loop_it_refuses_instead_of_stopping_the_loop(app: Headrace) -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match=r"would block the event loop .* Use the app itself"):
            app.sync.counts()

    asyncio.run(main())


def test_it_opens_again_after_it_was_closed(app: Headrace) -> None:
    handle = app.sync.enqueue(app.find_task("greet").call("Ada"))
    app.sync.close()
    app.sync.close()
    assert handle.state() is JobState.QUEUED


def test_closing_while_other_threads_call_leaves_nobody_waiting(app: Headrace) -> None:
    task = app.find_task("greet")

    def call_until_closed(_: int) -> int:
        count = 0
        try:
            while count < 50:
                app.sync.enqueue(task.call("x"))
                count += 1
        except (UsageError, StorageError):
            pass
        return count

    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(call_until_closed, range(4))
        for _ in range(5):
            app.sync.close()
        assert sum(counts) <= sum(each.count for each in app.sync.counts())


def test_closing_ends_the_thread(app: Headrace) -> None:
    app.sync.open()
    assert "headrace sync" in {thread.name for thread in threading.enumerate()}
    app.sync.close()
    assert "headrace sync" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_gets_a_thread_of_its_own(tmp_path: Path) -> None:
    program = f"""
import os
from headrace import Headrace
app = Headrace("sqlite:///{tmp_path / "jobs.db"}")
@app.task(name="greet")
def greet(name: str) -> None: ...
app.sync.enqueue(greet.call("parent"))
child = os.fork()
app.sync.enqueue(greet.call("after"))
if child:
    assert os.waitpid(child, 0)[1] == 0
    print([each.count for each in app.sync.counts()])
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]  # from 3.12 on, Python warns of forks
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert run.stdout == "[3]\n"
    assert run.stderr == ""


def test_a_program_that_ends_without_closing_loses_nothing_and_says_nothing(tmp_path: Path) -> None:
    program = f"""
from headrace import Headrace
app = Headrace("sqlite:///{tmp_path / "jobs.db"}")
@app.task(name="greet")
def greet(name: str) -> None: ...
print(app.sync.enqueue(greet.call("Ada")).state())
"""
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-W", "error", "-X", "dev", "-c", program], capture_output=True, text=True, timeout=30
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "queued\n", "")


@pytest.fixture
def file_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Headrace]:
    driver = "apsw" if "apsw" in request.node.name else "sqlite3"
    app = Headrace(f"sqlite:///{tmp_path / 'jobs.db'}?driver={driver}")
    app.task(name="greet")(greet)
    with app.sync:
        yield app


def test_within_a_transaction_of_sqlite3_all_is_stored_or_nothing(file_app: Headrace, tmp_path: Path) -> None:
    task = file_app.find_task("greet")
    connection = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    try:
        connection.execute("begin immediate")
        lost = file_app.sync.enqueue(task.call("lost"), connection=connection)
        connection.execute("rollback")
        connection.execute("begin immediate")
        kept = file_app.sync.enqueue_many([task.call("a"), task.call("b")], connection=connection)
        connection.execute("commit")
    finally:
        connection.close()
    with pytest.raises(JobNotFound):
        lost.state()
    assert [handle.state() for handle in kept] == [JobState.QUEUED] * 2


def test_within_a_transaction_of_apsw_all_is_stored_or_nothing(file_app: Headrace, tmp_path: Path) -> None:
    task = file_app.find_task("greet")
    connection = apsw.Connection(str(tmp_path / "jobs.db"))
    try:
        with connection:
            kept = file_app.sync.enqueue(task.call("kept"), connection=connection)
        connection.execute("begin immediate")
        lost = file_app.sync.enqueue(task.call("lost"), connection=connection)
        connection.execute("rollback")
    finally:
        connection.close()
    assert kept.state() is JobState.QUEUED
    with pytest.raises(JobNotFound):
        lost.state()


def test_many_jobs_are_changed_by_a_search(app: Headrace) -> None:
    calls(app, "Ada", "Bob", "Cleo")
    steps: list[int] = []
    assert app.sync.bulk.preview("args.name:Ada").matched == 1
    done = app.sync.bulk.run("cancel", where="args.name:Ada", on_step=lambda step: steps.append(step.changed))
    assert (done.state, steps) == (OperationState.DONE, [1])
    begun = app.sync.bulk.start("delete", where="state:cancelled", author="ana")
    assert app.sync.bulk.pause(begun.id).state is OperationState.PAUSED
    assert app.sync.bulk.resume(begun.id).changed == 1
    assert [each.id for each in app.sync.bulk.list().items] == [done.id, begun.id]
    with pytest.raises(UsageError, match="is done already"):
        app.sync.bulk.abort(begun.id)


async def test_the_app_itself_stores_within_a_transaction_too(tmp_path: Path) -> None:
    app = Headrace(f"sqlite:///{tmp_path / 'jobs.db'}?driver=sqlite3")
    task = app.task(greet)
    async with app:
        connection = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
        try:
            connection.execute("begin immediate")
            handle = await app.enqueue(task.call("Ada"), connection=connection)
            assert await app.counts() == []
            connection.execute("commit")
        finally:
            connection.close()
        assert await handle.state() is JobState.QUEUED


def test_a_connection_of_another_kind_is_refused(app: Headrace) -> None:
    with pytest.raises(Unsupported):
        app.sync.enqueue(app.find_task("greet").call("Ada"), connection=object())


def test_an_error_in_opening_is_told_and_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"this is no database at all" * 100)
    app = Headrace(f"sqlite:///{tmp_path / 'jobs.db'}")
    before = set(threading.enumerate())
    with pytest.raises(StorageError):
        app.sync.open()
    assert set(threading.enumerate()) <= before
