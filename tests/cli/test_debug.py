"""A job is run once more here, and the store hears nothing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import SAMPLE, Cli

NOSY = (
    SAMPLE
    + """

@app.task(name="nosy")
async def nosy() -> str:
    await greet.enqueue("from inside")
    current_job().log("told nobody")
    return str(current_job().attempt)
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


def test_pdb_stops_at_the_first_line_and_where_it_fails(cli: Cli, nosy: None, folder: Path, url: str) -> None:
    pty = pytest.importorskip("pty")
    cli.ok("job", "enqueue", "fail")
    ours, theirs = pty.openpty()
    os.write(ours, b"next\np 6 * 7\nq\nq\n")

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

    assert "raise ValueError" in done.stdout
    assert "(Pdb)" in done.stdout
    assert "42" in done.stdout
