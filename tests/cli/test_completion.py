"""What a shell offers when the tab key is pressed; in real shells, where they are installed."""

import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest

import headrace.cli
from headrace import Headrace
from headrace.cli.completion import script
from headrace.cli.root import root
from tests.cli.support import Cli

COMPLETIONS = Path(headrace.cli.__file__).parent / "completions"
INSTALLED = {
    "bash": "bash-completion/completions/headrace",
    "zsh": "zsh/site-functions/_headrace",
    "fish": "fish/vendor_completions.d/headrace.fish",
}
"""Below ``share`` of the prefix: where bash-completion, zsh and fish look for what packages bring."""


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
    done = in_bash(folder, url, 'eval "$(headrace completion bash)"')

    assert "-F _headrace_completion" in done
    assert done.splitlines()[-1] == "list"


def test_an_installation_puts_the_scripts_where_shells_load_them(folder: Path, url: str, app: Headrace) -> None:
    installed = {path.as_posix().partition("share/")[2]: path for path in files("headrace") or ()}

    for shell, name in INSTALLED.items():
        assert installed[name].locate().read_text() == COMPLETIONS.joinpath(f"headrace.{shell}").read_text()  # type: ignore[attr-defined]
    # What bash-completion does at the first tab after the word headrace.
    done = in_bash(folder, url, f"source {installed[INSTALLED['bash']].locate()}")
    assert done.splitlines()[-1] == "list"


@pytest.mark.parametrize("shell", INSTALLED)
def test_the_scripts_of_the_package_are_those_of_the_command(cli: Cli, shell: str) -> None:
    path = COMPLETIONS / f"headrace.{shell}"
    assert path.read_text() == cli.ok("completion", shell), f"run: headrace completion {shell} > {path}"


def test_zsh_finds_by_the_first_line_what_the_script_completes(cli: Cli) -> None:
    assert cli.ok("completion", "zsh").startswith("#compdef headrace\n")


def in_bash(folder: Path, url: str, load: str) -> str:
    """What a bash that has read no start file prints: how ``headrace`` completes after ``load``, and ``job li``."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    command = bin_folder / "headrace"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headrace.cli "$@"\n')
    command.chmod(0o755)
    typed = (
        f"{load}; complete -p headrace; "
        "COMP_WORDS=(headrace job li); COMP_CWORD=2; _headrace_completion headrace li job; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )

    return subprocess.run(
        [bash, "--norc", "-c", typed],
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "HEADRACE_STORE": url},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_fish_is_told_descriptions_to_their_end(folder: Path, cli: Cli) -> None:
    text = cli.ok("completion", "fish")
    assert 'string split --max 1 ","' in text

    fish = shutil.which("fish")
    if fish is None:
        return
    (folder / "headrace").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m headrace.cli "$@"\n')
    (folder / "headrace").chmod(0o755)
    (folder / "script.fish").write_text(text)
    done = subprocess.run(
        [fish, "--no-config", "-c", 'source script.fish; complete -C "headrace job retry --prio"'],
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "0 to 9, or low" in done.stdout


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
