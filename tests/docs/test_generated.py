"""The pages made from the source are what the source says now."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

import headrace
from tests.docs.pages import DOCS, headings_of


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = spec_from_file_location("headrace_docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current(generate: ModuleType) -> None:
    pages: dict[str, str] = generate.pages()
    stale = [name for name, text in pages.items() if (DOCS / name).read_text("utf-8") != text]
    assert not stale, f"{stale} are behind the source: run python docs/generate.py"


def test_every_public_name_is_in_the_reference() -> None:
    described = headings_of(DOCS / "reference" / "api.md")
    missing = {name for name in headrace.__all__ if name.lower() not in described}
    assert missing == {"errors"}
    errors = headings_of(DOCS / "reference" / "errors.md")
    assert {name.lower() for name in headrace.errors.__all__} <= errors
