"""What ``headrace`` exports: sorted, complete, and cheap to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import headrace


def test_the_list_of_public_names_is_sorted_and_every_name_is_reachable() -> None:
    assert headrace.__all__ == sorted(headrace.__all__)
    for name in headrace.__all__:
        assert getattr(headrace, name) is not None
    assert set(headrace.__all__) <= set(dir(headrace))


def test_what_type_checkers_see_is_what_the_program_gets() -> None:
    tree = ast.parse(Path(headrace.__file__).read_text())
    seen: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If):
            for line in node.body:
                if isinstance(line, ast.ImportFrom):
                    seen |= {alias.name: str(line.module) for alias in line.names}
    assert seen.keys() | {"__version__"} == set(headrace.__all__)
    assert {name: f"headrace.{home}" for name, home in headrace._HOME.items()} | {"errors": "headrace"} == seen


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'headrace' has no attribute 'Headrack'"):
        _ = headrace.Headrack  # type: ignore[attr-defined]


def test_every_error_is_exported_by_the_errors_module() -> None:
    found = {
        name
        for name, value in vars(headrace.errors).items()
        if isinstance(value, type) and issubclass(value, headrace.errors.HeadraceError)
    }
    assert found == set(headrace.errors.__all__)
    assert headrace.errors.__all__ == sorted(headrace.errors.__all__)


def modules_after(statement: str) -> set[str]:
    program = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_headrace_imports_next_to_nothing() -> None:
    loaded = modules_after("import headrace")
    assert {name for name in loaded if name.startswith("headrace")} == {"headrace", "headrace._version"}
    assert not loaded & {"asyncio", "msgspec", "inspect", "logging", "apsw"}


def test_an_app_that_only_enqueues_loads_no_worker_and_no_other_store() -> None:
    loaded = modules_after("import headrace; headrace.Headrace('memory://')")
    unneeded = {"headrace.engine.worker", "headrace.app.worker", "headrace.app.sync", "headrace.backends.sqlite"}
    assert not loaded & (unneeded | {"apsw", "sqlite3", "multiprocessing", "importlib.metadata", "pydantic", "click"})
