"""The files that settings come from, and on which line each of them stands."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError

PROJECT_FILE = "headrace.toml"
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_QUOTES = ('"""', "'''")

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file, read once. ``root`` is where headrace's settings begin in it."""

    path: Path
    text: str
    document: Mapping[str, Any]
    root: Names = ()

    @property
    def table(self) -> Mapping[str, Any]:
        """The part that is headrace's."""
        return reach(self.document, self.root)

    def line_of(self, path: Names) -> int:
        """The line, from 1, on which a setting stands, or else the table around it."""
        whole, best, line = (*self.root, *path), 0, 1
        for number, found in lines_of(self.text):
            if whole[: len(found)] == found and len(found) > best:
                best, line = len(found), number
        return line

    def place(self, path: Names) -> str:
        """``headrace.toml:3``."""
        return f"{shown(self.path)}:{self.line_of(path)}"


def read_file(path: Path, root: Names = ()) -> TomlFile:
    """Read a TOML file. Raises ConfigError with the place where it is broken."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown(path)} cannot be read: {error}") from None
    try:
        return TomlFile(path, text, tomllib.loads(text), root)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown(path)} is not TOML: {error}") from None


def project_file(folder: Path, environment: Mapping[str, str]) -> TomlFile | None:
    """``headrace.toml``, or a ``pyproject.toml`` with a ``[tool.headrace]``, in the folder or the nearest above it.

    Raises ConfigError where ``HEADRACE_CONFIG`` names a file that is not there, or the file is broken.
    """
    named = environment.get("HEADRACE_CONFIG")
    if named:
        path = folder / named
        if not path.is_file():
            raise ConfigError(f"HEADRACE_CONFIG names {named!r}, and there is no such file")
        return read_file(path, ("tool", "headrace") if path.name == "pyproject.toml" else ())
    for place in (folder, *folder.parents):
        if (place / PROJECT_FILE).is_file():
            return read_file(place / PROJECT_FILE)
        if (found := _pyproject(place / "pyproject.toml")) is not None:
            return found
    return None


def user_file(environment: Mapping[str, str]) -> Path:
    """Where the profiles are: ``~/.config/headrace/config.toml``, or below ``XDG_CONFIG_HOME``."""
    base = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base) / "headrace" / "config.toml"


def from_folder(url: str, folder: Path, here: Path) -> str:
    """The URL of a store that is written down in ``folder``, as it is understood ``here``: SQLite's can be relative.

    >>> from_folder("sqlite:///jobs.db?synchronous=normal", Path("/srv/shop"), Path("/srv/shop/tests"))
    'sqlite:////srv/shop/jobs.db?synchronous=normal'
    >>> from_folder("sqlite:////var/lib/jobs.db", Path("/srv/shop"), Path("/srv/shop/tests"))
    'sqlite:////var/lib/jobs.db'
    """
    head, _, path = url.partition(":///")
    if head.lower() != "sqlite" or not path or path.startswith("/") or folder == here:
        return url
    return f"{head}:///{folder / path}"


def reach(document: Mapping[str, Any], path: Names) -> Mapping[str, Any]:
    """The table at a path; an empty one where there is none."""
    for name in path:
        inner = document.get(name)
        if not isinstance(inner, Mapping):
            return {}
        document = inner
    return document


def lines_of(text: str) -> Iterator[tuple[int, Names]]:
    """The lines that begin a table or a setting, with their whole paths.

    >>> list(lines_of("store = 1\\n[worker]\\nretention.dead = 2\\n"))
    [(1, ('store',)), (2, ('worker',)), (3, ('worker', 'retention', 'dead'))]
    """
    table: Names = ()
    within = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if within:
            within = "" if within in line else within
            continue
        # Only what a multi-line text holds could be mistaken for a table or a setting.
        within = next((quotes for quotes in _QUOTES if line.count(quotes) == 1), "")
        if found := _TABLE.match(line):
            table = _split(found.group(1))
            yield number, table
        elif found := _KEY.match(line):
            yield number, (*table, *_split(found.group(1)))


def shown(path: Path) -> str:
    """A path for people: relative to the working folder or to ``~`` where it is below them."""
    for base, prefix in ((Path.cwd(), ""), (Path(os.path.expanduser("~")), "~/")):
        if path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}"
    return str(path)


def _pyproject(path: Path) -> TomlFile | None:
    """Somebody else's file: a broken one is not ours to complain about, unless it is about headrace."""
    try:
        text = path.read_text("utf-8")
        if "tool.headrace" not in text and "headrace" not in text:
            return None
        document = tomllib.loads(text)
    except OSError:
        return None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        if "[tool.headrace" in path.read_text("utf-8", "replace"):
            return read_file(path)
        return None
    root = ("tool", "headrace")
    return TomlFile(path, text, document, root) if reach(document, root) else None


def _split(name: str) -> Names:
    """``a."b.c"`` as its parts; TOML's own reader does it."""
    try:
        document: Any = tomllib.loads(f"{name.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return (name,)
    parts = []
    while isinstance(document, dict):
        part, document = next(iter(document.items()))
        parts.append(part)
    return tuple(parts)
