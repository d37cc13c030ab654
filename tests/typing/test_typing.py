"""Type checkers understand right programs and refuse wrong ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXPECTED = re.compile(r"  # type: ignore\[([\w, -]+)\]$")
REPORTED = re.compile(r"^(.+?):(\d+): error: .*  \[([\w-]+)\]$")

Errors = dict[tuple[str, int], set[str]]


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    """The errors of one run of mypy over both files, the wrong one without the comments that excuse it."""
    bare = tmp_path_factory.mktemp("typing") / "bare_wrong_usage.py"
    lines = (HERE / "wrong_usage.py").read_text().splitlines()
    bare.write_text("\n".join(EXPECTED.sub("", line) for line in lines) + "\n")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(HERE / "right_usage.py"), str(bare)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stderr
    errors: Errors = {}
    for line in run.stdout.splitlines():
        found = REPORTED.match(line)
        if found:
            path, number, code = found.groups()
            errors.setdefault((Path(path).name, int(number)), set()).add(code)
    return errors


def test_right_programs_have_no_errors_and_the_types_they_assert(reported: Errors) -> None:
    assert {place: codes for place, codes in reported.items() if place[0] == "right_usage.py"} == {}


def test_every_wrong_line_is_refused_and_no_other(reported: Errors) -> None:
    lines = (HERE / "wrong_usage.py").read_text().splitlines()
    expected = {
        ("bare_wrong_usage.py", number): set(found.group(1).split(", "))
        for number, line in enumerate(lines, 1)
        if (found := EXPECTED.search(line))
    }
    assert len(expected) >= 20
    assert reported == expected
