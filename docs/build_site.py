"""Makes a static site of the documentation: ``python docs/build_site.py [FOLDER]``, by default ``build/docs``.

Plain pages that can be opened from a disk: no script, no font, nothing from elsewhere. It is strict: a link to a page,
a heading or a file that is not there ends it, and nothing is written. The parser, markdown-it-py, comes with rich.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
HOME = PurePosixPath("docs/index.md")
OUTSIDE = ("https://", "http://", "mailto:")

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #8882; --link: #0969da; }
@media (prefers-color-scheme: dark) { :root { --link: #58a6ff; } }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; display: flex; }
nav { width: 17rem; height: 100vh; overflow: auto; position: sticky; top: 0; padding: 1rem; box-sizing: border-box;
  border-right: 1px solid var(--line); font-size: .85rem; flex: none; }
nav ul { list-style: none; margin: 0; padding: 0 0 .15rem; } nav h2, nav h3 { font-size: .85rem; margin: 1rem 0 .2rem; }
main { padding: 1rem 2rem 4rem; max-width: 54rem; min-width: 0; box-sizing: border-box; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
a[aria-current] { font-weight: 600; }
pre { background: var(--dim); padding: .8rem; overflow: auto; border-radius: 6px; line-height: 1.4; }
code { font: .88em ui-monospace, monospace; background: var(--dim); border-radius: 4px; padding: .1em .25em; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
@media (max-width: 55rem) { body { display: block; } nav { position: static; width: auto; height: auto; border: 0; } }
"""


class BrokenLinks(Exception):
    """Links that lead nowhere, each with its page."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: where its Markdown is, from the root, and what it says."""

    path: PurePosixPath
    tokens: Sequence[Token]
    anchors: frozenset[str]
    title: str

    @property
    def target(self) -> PurePosixPath:
        """Where it goes in the site. Pages under docs are at the top of it."""
        inside = self.path.relative_to("docs") if self.path.parts[0] == "docs" else self.path
        named = inside.with_name("index.md") if inside.name == "README.md" and len(inside.parts) > 1 else inside
        return named.with_suffix(".html")


def build(folder: Path, root: Path = ROOT) -> list[PurePosixPath]:
    """Write the site into a folder, which is emptied first; answers the pages. Raises BrokenLinks before that."""
    parse = MarkdownIt("commonmark").enable("table")
    pages = {path: _page(path, parse.parse((root / path).read_text("utf-8"))) for path in _paths(root)}
    files: set[PurePosixPath] = set()
    broken = [problem for page in pages.values() for problem in _settle_links(page, pages, root, files)]
    if broken:
        raise BrokenLinks("\n".join(broken))
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages.values():
        place = folder / page.target
        place.parent.mkdir(parents=True, exist_ok=True)
        body = parse.renderer.render(page.tokens, parse.options, {})
        place.write_text(_document(page, body, _navigation(page, pages)), "utf-8")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, folder / file)
    return [page.target for page in pages.values()]


def _paths(root: Path) -> list[PurePosixPath]:
    top = [PurePosixPath(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/RESULTS.md")]
    below = [
        PurePosixPath(path.relative_to(root)) for name in ("docs", "examples") for path in (root / name).rglob("*.md")
    ]
    return [path for path in (*top, *sorted(below)) if (root / path).exists()]


def _page(path: PurePosixPath, tokens: Sequence[Token]) -> Page:
    """Give each heading its anchor, made as GitHub makes them."""
    seen: Counter[str] = Counter()
    title = ""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            title = title or text
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
            seen[anchor] += 1
            token.attrSet("id", anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor] - 1}")
    anchors = frozenset(str(token.attrGet("id")) for token in tokens if token.type == "heading_open")
    return Page(path=path, tokens=tokens, anchors=anchors, title=title or path.stem)


def _links(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                yield child


def _settle_links(
    page: Page, pages: Mapping[PurePosixPath, Page], root: Path, files: set[PurePosixPath]
) -> Iterator[str]:
    """Point links at the pages of the site; collect other files they lead to; yield those that lead nowhere."""
    for link in _links(page.tokens):
        href = str(link.attrGet("href"))
        if href.startswith(OUTSIDE):
            continue
        target, _, anchor = unquote(href).partition("#")
        path = _from_root(page.path, target) if target else page.path
        other = pages.get(path)
        if other is None and (root / path).is_file():
            files.add(path)
            link.attrSet("href", _between(page.target, path))
        elif other is None or (anchor and anchor not in other.anchors):
            yield f"{page.path}: {href} leads nowhere"
        else:
            link.attrSet("href", _between(page.target, other.target) + (f"#{anchor}" if anchor else ""))


def _from_root(page: PurePosixPath, target: str) -> PurePosixPath:
    return PurePosixPath(os.path.normpath(page.parent / target))


def _between(page: PurePosixPath, other: PurePosixPath) -> str:
    return PurePosixPath(os.path.relpath(other, page.parent)).as_posix()


def _navigation(page: Page, pages: Mapping[PurePosixPath, Page]) -> str:
    """The links of the index, under its headings, as they are seen from a page."""
    home = pages[HOME]
    by_target = {other.target: other for other in pages.values()}
    lines = [_entry(page, home)]
    listed = {HOME}
    for token, inline in pairwise(home.tokens):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            lines.append(f"<{token.tag}>{html.escape(inline.content)}</{token.tag}>")
        elif token.type == "paragraph_open":
            for link in _links([inline]):
                target = str(link.attrGet("href")).partition("#")[0]
                other = by_target.get(PurePosixPath(target))
                if other is not None and other.path not in listed:
                    listed.add(other.path)
                    lines.append(_entry(page, other))
    return "\n".join(lines)


def _entry(page: Page, other: Page) -> str:
    current = ' aria-current="page"' if page.path == other.path else ""
    href = _between(page.target, other.target)
    return f'<ul><li><a href="{href}"{current}>{html.escape(other.title)}</a></li></ul>'


def _document(page: Page, body: str, navigation: str) -> str:
    title = html.escape(page.title if page.path == HOME else f"{page.title} · headrace")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<nav>\n{navigation}\n</nav>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    try:
        pages = build(folder)
    except BrokenLinks as error:
        sys.exit(str(error))
    sys.stdout.write(f"{len(pages)} pages in {folder}\n")


if __name__ == "__main__":
    main()
