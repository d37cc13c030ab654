"""A store of somebody else's: found by its URL once it is installed, and put through the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, blocks_of

ENTRY_POINT = "[headrace.backends]\ntoy = toystore.backend:ToyBackend\n"

PROGRAM = """
from headrace import Headrace
app = Headrace("toy://anywhere")

@app.task(name="greet")
def greet(name: str) -> str:
    return f"Hello, {name}!"

job = app.sync.enqueue(greet.call("Ada"))
print(app, job.state())
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with the package of the documentation's page, as an installer leaves it."""
    for block in blocks_of(DOCS / "how-to" / "write-a-store.md"):
        if block.file is not None:
            path = tmp_path / block.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.code)
    info = tmp_path / "toystore-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toystore\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINT)
    return tmp_path


def test_an_installed_store_is_found_by_its_scheme(site: Path) -> None:
    assert _run(site, PROGRAM).strip() == "<Headrace toy://anywhere with 1 tasks> queued"


def test_its_scheme_is_named_to_who_mistypes_it(site: Path) -> None:
    assert "did you mean 'toy://'?" in _run(
        site,
        "from headrace import Headrace\ntry:\n  Headrace('toi://')\nexcept Exception as e:\n  print(e)",
    )


def _run(site: Path, program: str) -> str:
    environment = {"PYTHONPATH": str(site), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout
