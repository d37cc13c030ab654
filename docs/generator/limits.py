"""The page of the named limits: constants of the source with the reasons beside them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import headrace
from generator.markdown import NOTE, joined

SOURCE = Path(headrace.__file__).parent

PREFACE = """\
Nothing in headrace grows without a bound. Every limit is a named constant with its reason beside it; this page is made
from them. Those with a setting say so on the [configuration](../reference/configuration.md) page; the others are meant
to stay, and an application that meets one is told so by an error that names it.

## Measured

Throughput and latency depend on the disk and the machine. The figures, those of other libraries measured in the same
run, and the way they were taken are in `benchmarks/RESULTS.md`; `make bench` takes them anew. No figure is repeated
here, so that none is out of date.

What does not depend on the machine: SQLite has one writer at a time, so the commits of all processes on a file queue
up. More workers help while jobs take longer than their bookkeeping. For empty jobs one worker is as quick as several.
"""


def page() -> str:
    """The constants of the source that are figures."""
    parts = [
        "# Limits\n",
        NOTE,
        PREFACE,
        "## Named limits\n",
        "| limit | value | where | reason |",
        "|---|---|---|---|",
    ]
    for path in sorted(SOURCE.rglob("*.py")):
        area = path.relative_to(SOURCE)
        if area.parts[0] in ("testing", "cli"):
            continue
        where = ".".join(area.with_suffix("").parts)
        parts += [f"| `{name}` | `{value}` | `{where}` | {reason} |" for name, value, reason in _constants(path)]
    return "\n".join(parts) + "\n"


def _constants(path: Path) -> Iterator[tuple[str, str, str]]:
    """Constants and the text below them. A text is about those above it that begin alike."""
    found: list[tuple[str, str]] = []
    for node in [*ast.parse(path.read_text("utf-8")).body, ast.Pass()]:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if re.fullmatch(r"[A-Z][A-Z0-9_]*", name) and _is_figure(node.value):
                found.append((name, ast.unparse(node.value)))
                continue
        reason = ""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            reason = joined(str(node.value.value)).replace("``", "`")
        for name, value in found:
            meant = reason if name[:3] == found[-1][0][:3] else ""
            if meant or re.search(r"_(MAX|MIN|DEFAULT|LIMIT|S|EVERY)$", name):
                yield name, value, meant
        found = []


def _is_figure(value: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and isinstance(each.value, int | float) for each in ast.walk(value))
