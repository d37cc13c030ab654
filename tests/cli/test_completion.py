"""What a shell offers when the tab key is pressed; in real shells, where they are installed."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.cli.completion import script
from headrace.cli.root import root
from tests.cli.support import Cli


def offered(folder: Path, url: str, line: str) -> list[str]:
    """The words that bash would be given for the last word of the line."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli"],
        env={
            **os.environ,
            "HEADRACE_STORE": url,
            "_HEADRACE_COMPLETE": "bash_complete",
            "COMP_WORDS": shlex.join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return [each.partition(",")[2] for each in done.stdout.split()]


@pytest.fixture
def stocked(cli: Cli) -> str:
    """A store with a queue and a task; answers the job's id."""
    return cli.ok("job", "enqueue", "greet_all", "--queue", "mailroom").strip()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("headrace jo", ["job"]),
        ("headrace job li", ["list"]),
        ("headrace job list --queue mai", ["mailroom"]),
        ("headrace job list --state de", ["dead"]),
        ("headrace queue pause ", ["mailroom"]),
        ("headrace job enqueue gre", ["greet_all"]),
        ("headrace job get @l", ["@last"]),
        ("headrace config get worker.le", ["worker.lease"]),
        ("headrace job list -o ya", ["yaml"]),
        ("headrace help quer", ["query"]),
    ],
)
def test_names_are_offered(folder: Path, url: str, stocked: str, line: str, wanted: list[str]) -> None:
    assert offered(folder, url, line) == wanted


def test_ids_and_profiles_are_offered(folder: Path, url: str, cli: Cli, stocked: str) -> None:
    cli.ok("profile", "create", "production", "--store", url)

    assert offered(folder, url, f"headrace job get {stocked[:9]}") == [stocked]
    assert offered(folder, url, "headrace profile use prod") == ["production"]


def test_names_come_from_a_file_that_is_renewed_behind(folder: Path, url: str, cli: Cli, stocked: str) -> None:
    assert offered(folder, url, "headrace queue pause ") == ["mailroom"]
    (cache,) = folder.rglob("complete-*.json")
    cli.ok("job", "enqueue", "x", "--queue", "later")

    assert offered(folder, url, "headrace queue pause ") == ["mailroom"]
    cli.ok("completion", "--refresh")
    assert offered(folder, url, "headrace queue pause ") == ["later", "mailroom"]
    os.utime(cache, (0, 0))
    assert offered(folder, url, "headrace queue pause la") == ["later"]


def test_without_a_store_nothing_is_offered_and_nothing_made(folder: Path) -> None:
    assert offered(folder, "", "headrace queue pause ") == []
    assert not list(folder.glob("*.db"))


def test_a_real_bash_completes(folder: Path, url: str, app: Headrace) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    command = bin_folder / "headrace"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headrace.cli "$@"\n')
    command.chmod(0o755)
    typed = (
        'eval "$(headrace completion bash)"; complete -p headrace; '
        "COMP_WORDS=(headrace job li); COMP_CWORD=2; _headrace_completion headrace li job; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        [bash, "--norc", "-c", typed],
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "HEADRACE_STORE": url},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "-F _headrace_completion" in done.stdout
    assert done.stdout.splitlines()[-1] == "list"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_of_another_shell_is_one_that_it_reads(folder: Path, cli: Cli, shell: str) -> None:
    text = cli.ok("completion", shell)

    assert "_HEADRACE_COMPLETE" in text
    assert text.rstrip() == script(root, shell).rstrip()
    program = shutil.which(shell)
    if program is not None:
        path = folder / f"script.{shell}"
        path.write_text(text)
        assert subprocess.run([program, "-n", str(path)], check=False).returncode == 0
