"""Every error code that the source raises has its page, and every page a code that is raised."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import headrace.cli
from headrace.cli.codes import CODES
from headrace.cli.faults import Exit
from tests.cli.support import Cli

SOURCE = Path(headrace.cli.__file__).parent
PLACES = (SOURCE, SOURCE.parent / "server")


def raised() -> Iterator[tuple[str, str]]:
    """The codes in the source, each with its place: calls of ``usage`` and ``Fault``, and the table of exceptions."""
    for path in sorted(path for place in PLACES for path in place.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            place = f"{path.relative_to(SOURCE.parent)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name == "usage":
                    codes = [each.value for each in node.keywords if each.arg == "code"]
                    yield f"HR-E02{_text(codes[0]) if codes else '01'}", place
                elif name == "Fault" and isinstance(node.args[1], ast.Constant):
                    yield f"HR-E{_exit(node.args[0]):02d}{_text(node.args[1])}", place
            elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and ast.unparse(node.elts[1]).startswith("Exit."):
                yield f"HR-E{_exit(node.elts[1]):02d}{_text(node.elts[2])}", place
            elif isinstance(node, ast.Constant) and path.name not in ("codes.py", "explain.py"):
                yield from ((code, place) for code in re.findall(r"HR-E\d{4}", str(node.value)))


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant)
    return str(node.value)


def _exit(node: ast.expr) -> int:
    return int(Exit[ast.unparse(node).removeprefix("Exit.")])


def test_every_code_in_the_source_is_explained() -> None:
    silent = [f"{code} at {place}" for code, place in raised() if code not in CODES]
    assert not silent, f"add them to headrace/cli/codes.py: {silent}"


def test_every_page_is_about_a_code_that_is_raised() -> None:
    assert set(CODES) - {code for code, _ in raised()} == set()


def test_codes_are_sorted_and_their_texts_are_sentences() -> None:
    assert list(CODES) == sorted(CODES)
    assert [code for code, page in CODES.items() if not page.text.endswith(".")] == []


def test_a_code_is_explained_in_any_spelling(cli: Cli) -> None:
    for spelled in ("HR-E0202", "hr-e0202", "E0202"):
        assert "no store is given" in cli.ok("explain", spelled)
    assert cli.json("explain", "HR-E0301")["exit_code"] == 3
    assert len(cli.json("explain")["items"]) == len(CODES)
    assert cli("explain", "HR-E9999").exit_code == 2
