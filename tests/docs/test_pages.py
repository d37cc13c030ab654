"""Every page does what it says: its code runs, its commands work, its links lead somewhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.testing.postgres import PostgresServer
from tests.docs.pages import ROOT, all_pages, blocks_of, headings_of, links_of
from tests.docs.runner import PageRun

KINDS = {"python", "text", "text output", "console", "sh", "sql", "ini", "yaml", "py", "mermaid", "toml", "pycon", ""}
KINDS |= {"javascript", "json"}
"""``py`` is Python that needs what is not installed here, and ``sh`` commands that a page only shows."""

PAGES = [page for page in all_pages() if any(block.kind.startswith(("python", "console")) for block in blocks_of(page))]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_code_and_the_commands_of_a_page_do_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page.is_relative_to(ROOT / "examples"):
        # An example's page is read, and its commands are typed, in the example's folder.
        shutil.copytree(page.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    with _store_of(page, monkeypatch):
        PageRun(tmp_path).run(page)


@contextmanager
def _store_of(page: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The store that a page supposes: its reader has a server, and HEADRACE_STORE names it."""
    if page.name != "postgresql.md":
        yield
        return
    with PostgresServer() as server:
        monkeypatch.setenv("HEADRACE_STORE", server.url())
        yield


@pytest.mark.parametrize("page", all_pages(), ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links_of(page):
        if link.startswith(("https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), f"{_name(page)} links to {link}, which is not there"
        if anchor:
            assert anchor in headings_of(place), f"{_name(page)} links to {link}, which has no such heading"


@pytest.mark.parametrize("page", all_pages(), ids=_name)
def test_blocks_are_of_a_known_kind_and_commands_are_in_those_that_run(page: Path) -> None:
    for block in blocks_of(page):
        assert re.sub(r" exit=\d+", "", block.kind) in KINDS, f"{block.place}: {block.kind!r}"
        if block.kind in ("sh", "text", ""):
            assert not re.search(r"^\$? ?headrace ", block.code, re.MULTILINE), f"{block.place}: use console"


def test_every_page_under_docs_is_linked_from_the_index() -> None:
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links_of(ROOT / "docs" / "index.md")}
    pages = {page for page in all_pages() if page.is_relative_to(ROOT / "docs")}
    decisions = {page for page in pages if page.parent.name == "decisions" and page.name != "index.md"}
    assert pages - decisions - linked == {ROOT / "docs" / "index.md"}


def test_the_index_lists_every_decision_in_order() -> None:
    listed = [link for link in links_of(ROOT / "docs" / "index.md") if link.startswith("decisions/")]
    assert listed == sorted(f"decisions/{page.name}" for page in (ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=_name)
def test_a_decision_has_a_date_a_status_and_three_parts(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {int(page.name[:4])}. ")
    assert re.fullmatch(r"Date: \d{4}-\d\d-\d\d\. Status: (accepted|replaced by decision \d+)\.", lines[2])
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
