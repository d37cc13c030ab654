"""Tasks: functions that stay functions, found by a name on which every process agrees."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import Exponential, Fixed, Headrace, Never, Task
from headrace.engine.runnable import ExecutorKind, Runnable
from headrace.errors import TooLarge, UnknownTask, UsageError
from headrace.model.job import Job


async def greet(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"


def add(a: int, b: int) -> int:
    return a + b


def count() -> Iterator[int]:
    yield 1


async def acount() -> AsyncIterator[int]:
    yield 1


@pytest.fixture
def app() -> Headrace:
    return Headrace("memory://")


async def test_a_task_can_be_called_like_its_function(app: Headrace) -> None:
    assert app.task(add)(1, b=2) == 3
    assert await app.task(greet)("Ada") == "Hello, Ada!"


def test_a_task_looks_like_its_function(app: Headrace) -> None:
    task = app.task(greet)
    assert (task.__name__, task.__doc__, task.__module__) == ("greet", "Say hello.", __name__)  # type: ignore[attr-defined]
    assert inspect.signature(task) == inspect.signature(greet)
    assert repr(task) == f"<Task {__name__}.greet(name: str) -> str>"


def test_a_task_is_what_the_engine_runs(app: Headrace) -> None:
    runnable: Runnable = app.task(name="add", retry=Fixed(attempts=2))(add)
    assert (runnable.name, runnable.executor, runnable.is_async) == ("add", ExecutorKind.THREAD, False)
    assert (runnable.function, runnable.reference) == (add, f"{__name__}:add")
    assert runnable.retry == Fixed(attempts=2)
    assert runnable.encode_result(3) == (b"3", "json")


def test_a_name_is_made_of_module_and_qualified_name(app: Headrace) -> None:
    assert app.task(greet).name == f"{__name__}.greet"
    assert app.task(name="hello")(greet).name == "hello"
    assert set(app.tasks) == {f"{__name__}.greet", "hello"}


def test_a_script_and_the_worker_that_imports_it_agree_on_names(tmp_path: Path) -> None:
    script = tmp_path / "shop.py"
    script.write_text(
        "from headrace import Headrace\n"
        "app = Headrace('memory://')\n"
        "@app.task(executor='process')\n"
        "def pay() -> None: ...\n"
        "print(pay.name, pay.reference)\n"
    )
    for how in ([str(script)], ["-m", "shop"], ["-c", "import shop"]):
        run = subprocess.run([sys.executable, *how], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert run.stdout.split() == ["shop.pay", "shop:pay"]


def test_the_executor_follows_from_the_kind_of_function(app: Headrace) -> None:
    assert app.task(greet).executor is ExecutorKind.LOOP
    assert app.task(add).executor is ExecutorKind.THREAD
    assert app.task(name="p", executor="process")(add).executor is ExecutorKind.PROCESS


def test_the_attempts_follow_from_the_retry_policy(app: Headrace) -> None:
    assert app.task(retry=Never())(add).defaults["max_attempts"] == 1
    assert app.task(name="b", retry=Exponential(attempts=9), max_attempts=4)(add).defaults["max_attempts"] == 4


def test_a_name_belongs_to_one_function(app: Headrace) -> None:
    app.task(name="work")(add)
    app.task(name="work")(add)
    with pytest.raises(UsageError, match=r"a task named 'work' already: .*:add; now .*:greet asks for the name"):
        app.task(name="work")(greet)


def test_two_lambdas_or_nested_functions_do_not_replace_each_other(app: Headrace) -> None:
    app.task(lambda: 1)
    with pytest.raises(UsageError, match="already"):
        app.task(lambda: 2)
    app.task(returning(1))
    with pytest.raises(UsageError, match=r"Give one of them another: @app\.task\(name='\.\.\.'\)"):
        app.task(returning(2))


def test_a_module_that_is_loaded_again_replaces_its_tasks(app: Headrace) -> None:
    loaded: dict[str, Any] = {}
    for _ in range(2):
        exec("def again(): ...", {"__name__": "some_module"}, loaded)
        app.task(loaded["again"])
    assert app.find_task("some_module.again").function is loaded["again"]


def test_the_documented_settings_are_the_checked_ones() -> None:
    from headrace.tasks import JobOptions, TaskSettings, defaults, define, options

    assert set(JobOptions.__annotations__) == set(options._CHECKS)
    assert set(TaskSettings.__annotations__) == {*defaults.OF_JOBS, *defaults.OF_RUNS, *define._OF_TASKS}


def test_two_apps_share_no_tasks(app: Headrace) -> None:
    app.task(add)
    assert not Headrace("memory://").tasks


def test_an_unknown_task_is_answered_with_near_names(app: Headrace) -> None:
    app.task(name="mail.greet")(greet)
    with pytest.raises(UnknownTask, match=r"no task is named 'mail\.gret'; near names: mail\.greet"):
        app.find_task("mail.gret")


def test_lambdas_and_nested_functions_may_run_in_loop_and_threads(app: Headrace) -> None:
    assert app.task(lambda: 1).executor is ExecutorKind.THREAD

    async def nested() -> None: ...

    assert app.task(nested).executor is ExecutorKind.LOOP


@pytest.mark.parametrize(
    ("function", "settings", "told"),
    [
        (add, {"executor": "loop"}, "is a plain def and would stop the worker's event loop"),
        (add, {"executor": "gpu"}, "executor is 'loop', 'thread' or 'process'; got 'gpu'"),
        (lambda: 1, {"executor": "process"}, "a child process must be able to import it"),
        (count, {}, "is a generator; a task returns its value"),
        (acount, {}, "is a generator; a task returns its value"),
        (5, {"name": "five"}, "a task is a function; got 5"),
        (Path, {}, "a task is a function; got <class"),
        (functools.partial(add, 1), {}, "give the task one: @app.task(name='...')"),
        (add, {"name": ""}, "name of a task is 1 to 256 printable characters; got ''"),
        (add, {"name": "a\nb"}, "name of a task is 1 to 256 printable characters"),
        (add, {"name": "x" * 257}, "name of a task is 1 to 256 printable characters"),
        (add, {"retry": 5}, "retry is a policy, such as Exponential(attempts=8), Fixed() or Never(); got 5"),
        (add, {"retry": Never}, "retry is a policy"),
        (add, {"version": 0}, "version is a whole number from 1"),
        (add, {"que": "mail"}, "@app.task has no setting 'que'; there are: codec, debounce"),
        (add, {"queue": "a b"}, "'a b' is not a queue name"),
        (add, {"codec": "pickle"}, "codec 'pickle' is not known"),
    ],
)
def test_what_cannot_be_a_task_is_refused_with_what_to_write_instead(
    app: Headrace, function: Any, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        app.task(**settings)(function)
    assert told in str(refused.value)
    assert not app.tasks


def test_a_task_is_not_made_a_task_again(app: Headrace) -> None:
    task = app.task(add)
    with pytest.raises(UsageError, match="is a task already"):
        app.task(name="again")(task)


def test_a_partial_with_a_name_is_a_task(app: Headrace) -> None:
    task: Task[..., Any] = app.task(name="add one")(functools.partial(add, 1))
    assert task.call(2).payload == b'{"b":2}'


def returning(value: Any) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


@pytest.mark.parametrize(("keep", "value", "stored"), [(True, None, None), (True, 0, b"0"), (False, 5, None)])
def test_a_result_is_kept_unless_it_is_none_or_not_wanted(
    app: Headrace, keep: bool, value: Any, stored: bytes | None
) -> None:
    task = app.task(keep_result=keep)(returning(value))
    assert task.encode_result(value)[0] == stored


def test_arguments_and_results_over_the_limit_are_refused_with_both_sizes() -> None:
    app = Headrace("memory://", payload_limit=20)
    task = app.task(greet)
    with pytest.raises(TooLarge, match="41 bytes of arguments as json; the limit is 20"):
        task.call("x" * 30)
    with pytest.raises(TooLarge, match="32 bytes of result as json; the limit is 20"):
        task.encode_result("x" * 30)


def test_arguments_are_read_in_the_codec_they_were_stored_in(app: Headrace) -> None:
    task = app.task(greet)
    for codec in ("json", "msgpack"):
        new = task.options(codec=codec).call("Ada").new_job()
        stored = _stored(new.payload, new.codec)
        assert task.decode(stored) == (("Ada",), {})


def _stored(payload: bytes, codec: str) -> Job:
    from datetime import UTC, datetime

    from headrace.model.ids import new_job_id
    from headrace.model.job import JobState

    now = datetime.now(UTC)
    return Job(
        id=new_job_id(),
        task="t",
        payload=payload,
        codec=codec,
        queue="q",
        priority=5,
        state=JobState.QUEUED,
        attempt=0,
        max_attempts=1,
        claims=0,
        enqueued_at=now,
        run_at=now,
    )
