"""What is said where the libraries of the service are not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("missing", "program"),
    [("starlette", "import headrace.server"), ("uvicorn", "import headrace.server.serving")],
)
def test_a_missing_library_names_the_command_that_installs_it(missing: str, program: str) -> None:
    hidden = f"import sys; sys.modules[{missing!r}] = None\n{program}"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert f"{missing} is not installed. Install it with: pip install 'headrace[server]'" in done.stderr


def test_the_library_alone_loads_nothing_of_it() -> None:
    program = "import sys, headrace; print([name for name in ('starlette', 'uvicorn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
