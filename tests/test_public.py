"""The package as others install it: what it needs, what it carries, and that nothing is missing from it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest

import headrace

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return loaded


def test_the_core_needs_four_packages_and_no_more(project: dict[str, Any]) -> None:
    needed = {re.split(r"[<>=~!\[; ]", need)[0] for need in project["dependencies"]}
    assert needed == {"msgspec", "apsw", "cronsim", "tzdata"}


def test_every_extra_that_a_message_names_can_be_installed(project: dict[str, Any]) -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r"headrace\[(\w+)\]", source)) | set(
        re.findall(r"MissingExtra\(\"[^\"]*\", \"(\w+)\"", source)
    )
    assert named <= set(project["optional-dependencies"])


def test_the_version_is_the_installed_one() -> None:
    assert headrace.__version__ == metadata.version("headrace")
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|[ab]\d+|rc\d+)?", headrace.__version__)


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## {headrace.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_backends_are_found_as_those_of_others_would_be(project: dict[str, Any]) -> None:
    offered = {entry.name: entry.load() for entry in metadata.entry_points(group="headrace.backends")}
    assert (
        set(offered)
        == set(project["entry-points"]["headrace.backends"])
        == {
            "memory",
            "postgres",
            "postgresql",
            "sqlite",
        }
    )


def test_the_package_carries_its_types_and_its_sql() -> None:
    package = resources.files("headrace")
    assert package.joinpath("py.typed").is_file()
    sqlite = package.joinpath("backends", "sqlite")
    statements = {each.name.removesuffix(".sql") for each in sqlite.joinpath("sql").iterdir()}
    used = {
        name
        for path in (ROOT / "src" / "headrace" / "backends" / "sqlite").rglob("*.py")
        for name in re.findall(r"(?:sql|run|rows|value|insert|filtered)\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    assert used <= statements | {"BEGIN"}
    assert [each.name for each in sqlite.joinpath("migrations").iterdir()]


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"headrace {headrace.__version__}"
