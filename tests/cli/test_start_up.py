import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(folder: Path, *args: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "headrace.cli", *args], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["job", "--help"], ["help", "query"]])
def test_help_imports_nothing_that_takes_time(folder: Path, args: list[str]) -> None:
    done = run(folder, *args, flags=("-X", "importtime"))

    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert done.returncode == 0
    assert imported & {"asyncio", "rich", "apsw", "msgspec", "sqlite3"} == set()


def test_rich_is_not_imported_for_a_pipe(folder: Path) -> None:
    assert run(folder, "job", "enqueue", "greet", "--store", "sqlite:///headrace.db").returncode == 0

    done = run(folder, "job", "list", flags=("-X", "importtime"))

    assert "greet" in done.stdout
    assert "rich" not in done.stderr


def test_without_click_one_line_says_what_to_install(folder: Path) -> None:
    (folder / "click.py").write_text("raise ImportError\n")

    done = run(folder)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "the headrace command needs Click. Install it with: pip install 'headrace[cli]'"
    ]


def test_on_a_terminal_the_table_has_colour_unless_no_color_is_set(folder: Path) -> None:
    pty = pytest.importorskip("pty")
    assert run(folder, "job", "enqueue", "greet", "--store", "sqlite:///headrace.db").returncode == 0

    def on_terminal(**env: str) -> str:
        ours, theirs = pty.openpty()
        done = subprocess.run(
            [sys.executable, "-m", "headrace.cli", "job", "list"],
            cwd=folder,
            stdout=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200", **env},
            check=True,
        )
        assert done.returncode == 0
        os.close(theirs)
        text = os.read(ours, 1 << 16).decode()
        os.close(ours)
        return text

    os.environ.pop("NO_COLOR", None)
    assert "\x1b[" in on_terminal()
    assert "\x1b[3" not in on_terminal(NO_COLOR="1")
    assert "greet" in on_terminal(NO_COLOR="1")


def test_the_spelled_out_states_are_those_of_the_model() -> None:
    from headrace.cli.query import STATES
    from headrace.model.job import JobState

    assert sorted(STATES) == sorted(state.value for state in JobState)


def test_json_errors_come_before_parsing_too(folder: Path) -> None:
    done = run(folder, "jbo", "--json")

    assert done.returncode == 2
    assert json.loads(done.stderr)["hint"].startswith("did you mean 'job'")
