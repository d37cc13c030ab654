"""The pytest plugin: finds the app as it was told, says what to write when it was not, and is not felt otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headrace.errors import UsageError
from headrace.testing.targets import find_app

pytest_plugins = ["pytester"]

APP = """
from headrace import Headrace
app = Headrace("sqlite:////nowhere/never-made.db")

@app.task(name="greet")
async def greet(name: str) -> str:
    return f"Hello, {name}!"

async def sign_up(name: str) -> None:
    await greet.enqueue(name)
"""

TEST = """
import asyncio
from myapp import greet, sign_up

async def test_signing_up_sends_a_greeting(headrace_app):
    await sign_up("Ada")
    headrace_app.assert_enqueued(greet, name="Ada")
    assert (await headrace_app.drain()).succeeded == 1

def test_each_test_begins_with_nothing(headrace_app):
    headrace_app.assert_not_enqueued()
    asyncio.run(sign_up("Bob"))
    assert headrace_app.sync.drain().succeeded == 1
"""


def run(pytester: pytest.Pytester, test: str, ini: str = "") -> pytest.RunResult:
    pytester.makepyfile(myapp=APP)
    pytester.syspathinsert()
    pytester.makeini(f"[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n{ini}")
    pytester.makepyfile(test)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "--strict-markers")


def test_the_app_is_found_by_a_setting(pytester: pytest.Pytester) -> None:
    run(pytester, TEST, "headrace_app = myapp:app").assert_outcomes(passed=2)


def test_the_app_is_found_by_a_marker(pytester: pytest.Pytester) -> None:
    marked = f"import pytest\npytestmark = pytest.mark.headrace('myapp:app')\n{TEST}"
    run(pytester, marked, "headrace_app = other:app").assert_outcomes(passed=2)


def test_the_app_is_found_by_a_fixture(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest, myapp\n@pytest.fixture\ndef headrace_target():\n    return myapp.app\n")
    run(pytester, TEST).assert_outcomes(passed=2)


def test_the_app_is_that_of_the_projects_settings_where_no_test_names_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    pytester.path.joinpath("headrace.toml").write_text('app = "myapp:app"')
    run(pytester, TEST).assert_outcomes(passed=2)


def test_a_suite_that_does_not_say_which_app_is_told_how(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(headrace_app): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*headrace_app = "myapp.tasks:app"*', "*pytest.mark.headrace*", "*headrace_target*"])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("myapp", "'myapp' names no app: it is module:attribute"),
        ("headrace.telemetry:app", "Is the app in module 'headrace.telemetry' called otherwise"),
        ("myap:app", "No module named 'myap'"),
        ("headrace.telemetry:Telemetry", "'headrace.telemetry:Telemetry' is no Headrace but a type"),
    ],
)
def test_an_app_that_is_not_found_says_what_is_wrong(target: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_app(target)
    assert said in str(caught.value)


def test_suites_that_do_not_use_it_load_nothing() -> None:
    code = "import sys, headrace.testing.plugin; print([m for m in sys.modules if m in ('msgspec', 'apsw', 'asyncio')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
