"""Rules for the files of this repository that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

SOURCE = ROOT / "src" / "headrace"
MODULES = sorted(SOURCE.rglob("*.py"))
LINES_MAX = 400

SLEEPERS = {"cli/demo/crew.py", "cli/demo/driver.py", "cli/demo/tasks.py"}
"""What waits for other processes by looking at them. A service waits for an event, a test for what it expects."""

# In pieces, so that this file does not break its own rule.
MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w./-])/(?:home|Users)/(?!app\b|user\b)\w+",
            r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot)/",
            r"--(?:extra-)?index-" + r"url",
            r"files\.python" + r"hosted\.org",
            r"py" + r"pi\.org/simple",
            r"art" + r"ifactory",
        )
    )
)


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            yield ROOT / name


def test_no_tracked_file_names_a_machine_or_a_package_index() -> None:
    found = []
    for path in _tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_no_module_is_longer_than_can_be_read() -> None:
    long = {str(path.relative_to(ROOT)): n for path in MODULES if (n := _count_lines(path)) > LINES_MAX}
    assert not long


def test_every_module_says_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path in MODULES if path.read_text("utf-8").strip() and not _doc(path)]
    assert not silent


def test_only_the_command_prints_and_nothing_sleeps_that_could_wait_for_an_event() -> None:
    found = []
    for path in MODULES:
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                call = ast.unparse(node.func)
                if call == "print" and not name.startswith("cli/"):
                    found.append(f"{name}:{node.lineno} prints")
                if call == "time.sleep" and name not in SLEEPERS:
                    found.append(f"{name}:{node.lineno} sleeps")
    assert not found, "\n".join(found)


def _count_lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _doc(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text("utf-8")))
