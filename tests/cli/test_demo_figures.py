from pathlib import Path

import pytest

from headrace.cli.demo.figures import (
    FileFacts,
    Longest,
    Totals,
    compute_plainly,
    differences,
    read_facts,
    source_files,
)

SOURCE = """
import os, sys
from os.path import join
from . import sibling


class Outer:
    def method(self):
        if True:
            import json

            def inner():
                return lambda: None

        try:
            pass
        except ValueError:
            class Local: ...
        match 1:
            case 1:
                async def late(): ...
"""


def test_everything_below_a_statement_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "source.py"
    path.write_text(SOURCE)

    assert read_facts(path) == FileFacts(
        lines=SOURCE.count("\n"),
        functions=3,
        classes=2,
        imports={"os": 2, "sys": 1, "json": 1},
        longest=Longest(14, "method"),
    )


def test_a_file_that_does_not_parse_is_counted_by_its_error(tmp_path: Path) -> None:
    good, bad, null = tmp_path / "good.py", tmp_path / "bad.py", tmp_path / "null.py"
    good.write_text("x = 1")
    bad.write_text("x =")
    null.write_bytes(b"x\0")

    totals = compute_plainly([good, bad, null, tmp_path / "gone.py"])

    assert (totals.files, totals.lines) == (1, 1)
    assert totals.errors["FileNotFoundError"] == 1
    assert sum(totals.errors.values()) == 3


def test_each_figure_that_disagrees_is_named() -> None:
    found = differences(Totals(lines=1, imports={"os": 1}), Totals(lines=2))

    assert [line.partition(":")[0] for line in found] == ["lines", "imports"]


@pytest.mark.parametrize("limit", [50, 200])
def test_a_sample_is_as_large_as_asked_and_holds_files_that_do_not_parse(limit: int) -> None:
    files = source_files(limit)

    assert len(files) == limit
    assert any("bad" in path.name for path in files)
    assert not any("site-packages" in path.parts for path in files)
