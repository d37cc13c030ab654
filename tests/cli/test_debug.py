"""A job is run once more here, and the store hears nothing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import SAMPLE, Cli

NOSY = (
    "import sys\nfrom collections.abc import AsyncIterator, Iterator\n\nfrom headrace import Inject\n"
    + SAMPLE
    + """

@app.task(name="nosy")
async def nosy() -> str:
    await greet.enqueue("from inside")
    current_job().log("told nobody")
    return str(current_job().attempt)

class Relay: ...
class Line:
    def __init__(self, relay: Relay) -> None:
        self.relay = relay

@app.provider
async def relay() -> AsyncIterator[Relay]:
    yield Relay()
    print("relay closed", file=sys.stderr)

@app.provider(scope="job")
def line(relay: Relay) -> Iterator[Line]:
    yield Line(relay)

@app.task(name="given")
async def given(pin: str, line: Line = Inject()) -> str:
    return type(line.relay).__name__

@app.task(name="given.plain", redact=["pin", "return"])
def given_plain(pin: str, line: Line = Inject()) -> str:
    app.sync.enqueue(greet.call("from a thread"))
    return pin

@app.batch_task(name="many")
async def many(numbers: list[int]) -> list[int | Exception]:
    return [2 * each if each else ValueError("no number") for each in numbers]
"""
)


@pytest.fixture
def nosy(folder: Path) -> None:
    (folder / "sample.py").write_text(NOSY)


@pytest.mark.parametrize(("task", "words"), [("greet", ["--arg", "name=Ada"]), ("nosy", [])])
def test_a_dry_attempt_prints_the_result_and_stores_nothing(cli: Cli, nosy: None, task: str, words: list[str]) -> None:
    job_id = cli.ok("job", "enqueue", task, *words).strip()
    before = cli.json("job", "list")["items"], cli.json("job", "get", job_id)

    printed = cli.ok("job", "debug", "@last", "--app", "sample:app", "--no-pdb")

    assert printed == {"greet": '"Hello, Ada!"\n', "nosy": '"0"\n'}[task]
    assert (cli.json("job", "list")["items"], cli.json("job", "get", job_id)) == before


@pytest.mark.parametrize(
    ("task", "words", "printed"),
    [
        ("given", ["--arg", "pin=hunter2"], '"Relay"'),
        ("given.plain", ["--arg", "pin=hunter2"], '"[redacted]"'),
        ("many", ["--arg", "numbers=4"], "8"),
    ],
)
def test_the_handler_gets_what_a_worker_would_give_it(
    cli: Cli, nosy: None, task: str, words: list[str], printed: str
) -> None:
    cli.ok("job", "enqueue", task, *words)

    result = cli("job", "debug", "@last", "--app", "sample:app", "--no-pdb")

    assert (result.exit_code, result.stdout.strip()) == (0, printed), result.stderr
    assert ("relay closed" in result.stderr) == (task != "many")
    assert "hunter2" not in result.stderr or task == "given"


def test_an_item_that_its_batch_handler_refuses_has_failed(cli: Cli, nosy: None) -> None:
    cli.ok("job", "enqueue", "many", "--arg", "numbers=0")

    result = cli("job", "debug", "@last", "--app", "sample:app", "--no-pdb")

    assert (result.exit_code, "ValueError: no number" in result.stderr) == (9, True)


def test_arguments_that_the_code_cannot_read_are_told_and_nothing_is_called(cli: Cli, nosy: None) -> None:
    cli.ok("job", "enqueue", "given", "--args", '{"pin": 5}')

    result = cli("job", "debug", "@last", "--app", "sample:app", "--no-pdb")

    assert (result.exit_code, result.stdout) == (9, "")
    assert "Expected `str`, got `int`" in result.stderr
    assert "not for given(pin: str" in result.stderr


def test_a_dry_attempt_that_fails_shows_the_handlers_frames_and_exits_9(cli: Cli, nosy: None) -> None:
    job_id = cli.ok("job", "enqueue", "fail").strip()

    result = cli("job", "debug", job_id, "--app", "sample:app", "--no-pdb")

    assert result.exit_code == 9
    assert "ValueError: no luck" in result.stderr
    assert "in fail" in result.stderr
    assert "asyncio" not in result.stderr
    assert cli.json("job", "get", job_id)["state"] == "queued"


def test_without_a_terminal_pdb_is_refused_with_what_to_write(cli: Cli, nosy: None) -> None:
    job_id = cli.ok("job", "enqueue", "fail").strip()

    result = cli("job", "debug", job_id, "--app", "sample:app")

    assert (result.exit_code, "--no-pdb" in result.stderr) == (2, True)


def at_pdb(folder: Path, url: str, typed: bytes) -> str:
    """What the debugger of the latest job tells whoever types that."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    os.write(ours, typed)

    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli", "job", "debug", "@last", "--app", "sample:app"],
        cwd=folder,
        env={**os.environ, "HEADRACE_STORE": url, "TERM": "dumb"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    return done.stdout


def test_pdb_stops_at_the_first_line_and_where_it_fails(cli: Cli, nosy: None, folder: Path, url: str) -> None:
    cli.ok("job", "enqueue", "fail")

    told = at_pdb(folder, url, b"next\np 6 * 7\nq\nq\n")

    assert "raise ValueError" in told
    assert "(Pdb)" in told
    assert "42" in told


@pytest.mark.parametrize("task", ["given", "given.plain"])
def test_pdb_stops_where_the_app_has_provided(cli: Cli, nosy: None, folder: Path, url: str, task: str) -> None:
    cli.ok("job", "enqueue", task, "--arg", "pin=hunter2")

    told = at_pdb(folder, url, b"p type(line.relay).__name__ * 2\nc\n")

    assert "RelayRelay" in told
    assert "it ended well" in told
