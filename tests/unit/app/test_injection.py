"""Handlers are given values by type: made once for a worker or for each attempt, and ended in reverse order."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from tests.unit.app import surrounded

from headrace import Headrace, Inject, Never
from headrace.backends.memory import MemoryBackend
from headrace.engine.context import JobContext
from headrace.errors import ConfigError, InvalidArguments, JobFailed, UsageError


class Database:
    def __init__(self, name: str = "real") -> None:
        self.name = name


class Session:
    def __init__(self, database: Database) -> None:
        self.database = database


class Connection:
    def __init__(self) -> None:
        self.thread = threading.get_ident()


class Token:
    def __init__(self, text: str) -> None:
        self.text = text


class Mailer: ...


class Settings: ...


class Quiet: ...


class Hen: ...


class Egg: ...


Db = Annotated[Database, Inject]


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
async def app(happened: list[str]) -> AsyncIterator[Headrace]:
    """An app with a database of the worker and a session of the job, which tell of their making and ending."""
    app = Headrace(backend=MemoryBackend())

    @app.provider
    async def database() -> AsyncIterator[Database]:
        happened.append("database opened")
        yield Database()
        happened.append("database closed")

    @app.provider(scope="job")
    def session(database: Database) -> Iterator[Session]:
        happened.append("session opened")
        try:
            yield Session(database)
        except ValueError:
            happened.append("session rolled back")
            raise
        happened.append("session closed")

    async with app:
        yield app


async def run(app: Headrace, task: Any, *args: Any, **kwargs: Any) -> Any:
    """What a job of the task answers."""
    async with app.worker():
        return await (await task.enqueue(*args, **kwargs)).result(timeout=20)


async def test_a_marked_parameter_is_filled_in_and_is_no_part_of_the_arguments(app: Headrace) -> None:
    @app.task
    async def count(table: str, db: Database = Inject(), *, rows: int = 1) -> list[Any]:
        return [table, db.name, rows]

    assert count.call("users", rows=2).payload == b'{"table":"users","rows":2}'
    assert await run(app, count, "users", rows=2) == ["users", "real", 2]


@pytest.mark.parametrize("executor", ["loop", "thread"])
async def test_the_annotated_form_may_stand_before_arguments(app: Headrace, executor: Any) -> None:
    @app.task(executor=executor)
    async def count(db: Db, table: str, *, session: Annotated[Session, Inject()]) -> list[str]:
        return [db.name, table, session.database.name]

    assert await run(app, count, "users") == ["real", "users", "real"]


async def test_a_parameter_given_by_position_alone_cannot_be_filled_in(app: Headrace) -> None:
    @app.task
    async def count(db: Database = Inject(), /) -> None: ...

    with pytest.raises(UsageError, match=r"parameter 'db' is filled in by name, so it must stand after a \*"):
        count.call()


async def test_values_of_the_worker_are_made_once_and_ended_last(app: Headrace, happened: list[str]) -> None:
    @app.task
    async def use(session: Session = Inject()) -> None:
        happened.append("used")

    async with app.worker():
        assert happened == ["database opened"]
        for _ in range(2):
            await (await use.enqueue()).result(timeout=20)
    one = ["session opened", "used", "session closed"]
    assert happened == ["database opened", *one, *one, "database closed"]


@pytest.mark.parametrize("executor", ["loop", "thread"])
async def test_what_a_handler_raises_reaches_its_session(app: Headrace, happened: list[str], executor: Any) -> None:
    @app.task(executor=executor, retry=Never())
    async def fail(session: Session = Inject()) -> None:
        raise ValueError("no")

    with pytest.raises(JobFailed, match="ValueError: no"):
        await run(app, fail)
    assert happened[1:3] == ["session opened", "session rolled back"]


async def test_a_plain_session_is_made_in_the_thread_of_its_handler(app: Headrace) -> None:
    app.provide(Connection, Connection, scope="job")

    @app.task
    def use(connection: Connection = Inject()) -> bool:
        return connection.thread == threading.get_ident() != threading.main_thread().ident

    assert await run(app, use) is True


async def test_an_async_provider_of_a_threaded_handler_runs_on_the_loop(app: Headrace) -> None:
    @app.provider(scope="job")
    async def token(session: Session, context: JobContext) -> Token:
        return Token(f"{session.database.name} {context.attempt}")

    @app.task
    def use(token: Token = Inject(), session: Session = Inject()) -> str:
        return f"{token.text} {session.database.name}"

    assert await run(app, use) == "real 1 real"


@pytest.mark.parametrize("executor", ["loop", "thread"])
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_provider_that_swallows_the_error_does_not_hide_the_failure(
    app: Headrace, executor: Any, is_async: bool
) -> None:
    async def quiet_async() -> AsyncIterator[Quiet]:
        with contextlib.suppress(ValueError):
            yield Quiet()

    def quiet() -> Iterator[Quiet]:
        with contextlib.suppress(ValueError):
            yield Quiet()

    app.provide(Quiet, quiet_async if is_async else quiet, scope="job")

    @app.task(retry=Never(), executor=executor)
    async def fail(quiet: Quiet = Inject()) -> None:
        raise ValueError("no")

    with pytest.raises(JobFailed, match="ValueError: no"):
        await run(app, fail)


async def test_a_test_puts_another_value_in_its_place(app: Headrace, happened: list[str]) -> None:
    @app.task
    async def use(db: Database = Inject(), session: Session = Inject()) -> list[str]:
        return [db.name, session.database.name]

    with app.override(Database, Database("fake")):
        assert await run(app, use) == ["fake", "fake"]
        with app.override(Session, Session(Database("other"))):
            assert await run(app, use) == ["fake", "other"]
        assert "database opened" not in happened
    assert await run(app, use) == ["real", "real"]


async def test_an_override_needs_no_provider(app: Headrace) -> None:
    @app.task
    async def use(mailer: Mailer = Inject()) -> bool:
        return isinstance(mailer, Mailer)

    with app.override(Mailer, Mailer()):
        assert await run(app, use) is True


async def test_a_missing_provider_is_said_when_the_worker_starts(app: Headrace) -> None:
    @app.task(name="send")
    async def send(mailer: Mailer = Inject()) -> None: ...

    with pytest.raises(ConfigError, match=r"parameter 'mailer' of task 'send' needs .*Mailer, which nothing provides"):
        await app.worker().start()


async def test_what_a_provider_misses_is_said_with_the_way_to_it(app: Headrace) -> None:
    @app.provider
    def mailer(settings: Settings) -> Mailer:
        return Mailer()

    @app.task(name="send")
    async def send(mailer: Mailer = Inject()) -> None: ...

    expected = r"of task 'send': parameter 'settings' of the provider of .*Mailer needs .*Settings, which nothing"
    with pytest.raises(ConfigError, match=expected):
        await app.worker().start()


async def test_a_circle_of_providers_is_said_when_the_worker_starts(app: Headrace) -> None:
    @app.provider
    def hen(egg: Egg) -> Hen:
        return Hen()

    @app.provider
    def egg(hen: Hen) -> Egg:
        return Egg()

    @app.task(name="brood")
    async def brood(hen: Hen = Inject()) -> None: ...

    with pytest.raises(ConfigError, match=r"providers need each other in a circle: Hen -> Egg -> Hen"):
        await app.worker().start()


async def test_what_lives_long_cannot_need_what_lives_for_a_job(app: Headrace) -> None:
    @app.provider
    def hen(session: Session) -> Hen:
        return Hen()

    @app.task(name="brood")
    async def brood(hen: Hen = Inject()) -> None: ...

    with pytest.raises(ConfigError, match="needs Session of scope 'job', but lives as long as the worker"):
        await app.worker().start()


async def test_a_provider_that_fails_at_the_start_stops_the_worker_from_starting(app: Headrace) -> None:
    @app.provider
    async def hen() -> Hen:
        raise OSError("no hen")

    @app.task
    async def brood(hen: Hen = Inject(), db: Database = Inject()) -> None: ...

    worker = app.worker()
    with pytest.raises(OSError, match="no hen"):
        await worker.start()
    assert not worker.running


async def test_a_provider_that_cannot_end_its_value_does_not_keep_the_worker_from_stopping(
    app: Headrace, happened: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    @app.provider
    def hen(db: Database) -> Iterator[Hen]:
        yield Hen()
        raise OSError("the hen is away")

    @app.task
    async def brood(hen: Hen = Inject()) -> None: ...

    async with app.worker() as worker:
        pass
    assert not worker.running
    assert "could not be ended: OSError('the hen is away')" in caplog.text
    assert happened == ["database opened", "database closed"]


async def test_values_for_queues_the_worker_does_not_serve_are_made_when_needed(
    app: Headrace, happened: list[str]
) -> None:
    @app.task(queue="rare")
    async def use(db: Database = Inject()) -> str:
        return db.name

    async with app.worker(["default"]):
        assert happened == []
        assert await (await use.options(queue="default").enqueue()).result(timeout=20) == "real"
    assert happened == ["database opened", "database closed"]


def test_two_functions_cannot_provide_one_type(app: Headrace) -> None:
    with pytest.raises(UsageError, match=r"Database is made by .*database already; in a test, .*app\.override"):
        app.provide(Database, Database)


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (lambda: 1, "does not say what it makes"),
        (5, "a provider is a function or a class"),
        (lambda x: x, "parameter 'x' has no type"),
    ],
)
def test_a_function_that_cannot_provide_is_refused(app: Headrace, factory: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        app.provider(factory)


def test_a_wrong_scope_is_named(app: Headrace) -> None:
    with pytest.raises(ConfigError, match="scope of a provider is 'worker' or 'job'; got 'request'"):
        app.provide(Hen, Hen, scope="request")  # type: ignore[arg-type]


async def test_a_caller_cannot_send_what_the_worker_fills_in(app: Headrace) -> None:
    @app.task
    async def use(db: Database = Inject()) -> None: ...

    with pytest.raises(InvalidArguments, match="unexpected keyword argument 'db'"):
        await use.enqueue(db=Database())


async def test_called_as_a_function_the_value_is_passed_by_hand(app: Headrace) -> None:
    @app.task
    async def use(db: Database = Inject()) -> str:
        return db.name

    assert await use(Database("mine")) == "mine"
    with pytest.raises(UsageError, match="'name' was looked up on is filled in by a worker"):
        await use()


async def test_a_child_process_makes_its_own_and_ends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    monkeypatch.setenv("HEADRACE_TEST_CLOSED", str(closed))
    app = surrounded.app
    async with app, app.worker(processes=1):
        jobs = [await surrounded.count.enqueue() for _ in range(2)]
        answers: list[Any] = [await job.result(timeout=60) for job in jobs]
        assert await (await surrounded.count_async.enqueue()).result(timeout=60) == 2
    child = answers[0][0]
    assert child != os.getpid()
    assert answers == [(child, 1, child), (child, 2, child)]
    assert closed.read_text() == "closed"
