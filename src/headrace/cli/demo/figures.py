"""What the demo counts, and how: the same functions serve the jobs and the plain computation they are checked with."""

from __future__ import annotations

import ast
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

LONGEST_SHOWN = 5
IMPORTS_SHOWN = 10
_PARSING = threading.Lock()
_PARSE_TRIES = 20
"""CPython 3.11 counts the depth of a tree in one place for all threads (gh-106905): of two that parse at once, one gets
a SystemError. The lock keeps handlers apart; formatting a traceback, which parses as well, is met by trying again."""

_NOT_OURS = frozenset({"site-packages", "dist-packages"})


class Longest(Struct, frozen=True):
    """A long function."""

    lines: int
    name: str
    path: str = ""


class FileFacts(Struct, frozen=True, kw_only=True):
    """What there is in one file. ``imports`` counts top-level module names; ``longest`` is the longest function."""

    lines: int
    functions: int
    classes: int
    imports: dict[str, int]
    longest: Longest | None = None


class Totals(Struct, kw_only=True):
    """The figures of many files."""

    files: int = 0
    lines: int = 0
    functions: int = 0
    classes: int = 0
    longest: list[Longest] = field(default_factory=list)
    imports: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, facts: FileFacts) -> None:
        """Count a file."""
        self.files += 1
        self.lines += facts.lines
        self.functions += facts.functions
        self.classes += facts.classes
        for name, count in facts.imports.items():
            self.imports[name] = self.imports.get(name, 0) + count
        if facts.longest is not None:
            self.longest.append(Longest(facts.longest.lines, facts.longest.name, path))

    def add_error(self, kind: str) -> None:
        """Count a file that could not be indexed."""
        self.errors[kind] = self.errors.get(kind, 0) + 1

    def trimmed(self) -> Totals:
        """With only the most of what is many, in an order that does not depend on how it was gathered."""
        imports = sorted(self.imports.items(), key=lambda pair: (-pair[1], pair[0]))[:IMPORTS_SHOWN]
        self.longest = sorted(self.longest, key=lambda each: (-each.lines, each.path))[:LONGEST_SHOWN]
        self.imports = dict(imports)
        self.errors = dict(sorted(self.errors.items()))
        return self


def source_files(limit: int | None = None) -> list[Path]:
    """Every .py file that ships with this interpreter, sorted. ``limit`` takes that many, spread over all.

    The files that do not parse are few and close together, so a small sample keeps those as well.
    """
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(path for path in root.rglob("*.py") if _NOT_OURS.isdisjoint(path.relative_to(root).parts))
    if limit is None or limit >= len(files):
        return files
    step = len(files) / limit
    spread = {files[int(index * step)] for index in range(limit)}
    odd = [path for path in files if path not in spread and ("bad" in path.name or "py2" in path.name)]
    return sorted([*odd, *sorted(spread)[: max(0, limit - len(odd))]])[:limit]


def read_facts(path: Path) -> FileFacts:
    """Parse a file and count. Raises SyntaxError or ValueError for what is no Python, and OSError."""
    source = path.read_bytes()
    tree = _parse(source, str(path))
    functions = classes = 0
    imports: dict[str, int] = {}
    longest: Longest | None = None
    for statement in _statements(tree.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            functions += 1
            length = (statement.end_lineno or statement.lineno) - statement.lineno + 1
            if longest is None or length > longest.lines:
                longest = Longest(length, statement.name)
        elif isinstance(statement, ast.ClassDef):
            classes += 1
        elif isinstance(statement, ast.Import):
            _count(imports, (alias.name for alias in statement.names))
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            _count(imports, [statement.module])
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    return FileFacts(lines=lines, functions=functions, classes=classes, imports=imports, longest=longest)


def _parse(source: bytes, name: str) -> ast.Module:
    for _ in range(_PARSE_TRIES):
        with suppress(SystemError), _PARSING:
            return ast.parse(source, name)
    return ast.parse(source, name)


def _count(imports: dict[str, int], modules: Iterable[str]) -> None:
    for module in modules:
        top = module.partition(".")[0]
        imports[top] = imports.get(top, 0) + 1


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All statements in and below ``body``, in the order of the text; expressions hold none, so they are passed by."""
    stack = list(body)[::-1]
    while stack:
        statement = stack.pop()
        yield statement
        for name in ("finalbody", "orelse", "cases", "handlers", "body"):
            inner = getattr(statement, name, None)
            if isinstance(inner, list):
                stack.extend(reversed(inner))


def compute_plainly(paths: Iterable[Path]) -> Totals:
    """The same figures by a plain loop: no queue, no worker, no store."""
    totals = Totals()
    for path in paths:
        try:
            totals.add(str(path), read_facts(path))
        except (SyntaxError, ValueError, OSError) as error:
            totals.add_error(type(error).__name__)
    return totals.trimmed()


def differences(report: Totals, plain: Totals) -> list[str]:
    """The names of the figures that disagree, with both values.

    >>> differences(Totals(files=2), Totals(files=3))
    ['files: the report says 2, the plain computation 3']
    """
    return [
        f"{name}: the report says {ours!r}, the plain computation {theirs!r}"
        for name in Totals.__struct_fields__
        if (ours := getattr(report, name)) != (theirs := getattr(plain, name))
    ]
