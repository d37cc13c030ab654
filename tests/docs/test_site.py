"""The static site holds every page, and none of its links leads nowhere."""

from __future__ import annotations

import re
import sys
from html import unescape
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.pages import DOCS


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = spec_from_file_location("headrace_docs_site", DOCS / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_site_and_every_link_in_it_leads_somewhere(site: ModuleType, tmp_path: Path) -> None:
    site.build(tmp_path)
    made = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    assert len(made) >= len(list(DOCS.rglob("*.md")))
    for path, text in made.items():
        for href in re.findall(r'<a href="([^"]+)"', text):
            if href.startswith(("https:", "http:", "mailto:")):
                continue
            target, _, anchor = unescape(href).partition("#")
            other = (path.parent / target).resolve() if target else path
            assert other.is_file(), f"{path.name}: {href}"
            assert not anchor or f'id="{anchor}"' in other.read_text("utf-8"), f"{path.name}: {href}"


def test_the_index_leads_to_every_page_from_every_page(site: ModuleType, tmp_path: Path) -> None:
    site.build(tmp_path)
    page = (tmp_path / "how-to" / "schedules.html").read_text("utf-8")
    assert '<a href="schedules.html" aria-current="page">Schedules</a>' in page
    assert '<a href="../tutorial.html">Tutorial</a>' in page


@pytest.mark.parametrize("link", ["missing.md", "index.md#nowhere", "../gone.txt", "#nowhere"])
def test_a_link_that_leads_nowhere_ends_the_build_and_nothing_is_written(
    site: ModuleType, tmp_path: Path, link: str
) -> None:
    docs = tmp_path / "root" / "docs"
    docs.mkdir(parents=True)
    (docs / "index.md").write_text(f"# Index\n\n[there]({link})\n")
    with pytest.raises(site.BrokenLinks, match=re.escape(f"docs/index.md: {link} leads nowhere")):
        site.build(tmp_path / "built", tmp_path / "root")
    assert not (tmp_path / "built").exists()
