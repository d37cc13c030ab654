"""Changing one setting in a TOML file, with every comment and all else left as it stands."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from headrace.config.files import lines_of, shown
from headrace.config.values import to_toml
from headrace.errors import ConfigError

VALUE_LINES_MAX = 200
"""Lines that one value may span; a longer one is edited by hand."""


def set_value(path: Path, name: Sequence[str], value: Any) -> None:
    """Write one setting; the file and its folder are made where they are missing. Atomic: a reader sees either.

    Raises ConfigError, with nothing written, when the file is broken or the place cannot be told for certain.
    """
    text = path.read_text("utf-8") if path.exists() else ""
    written = to_toml(value)
    wanted = _document(path, text)
    _put(wanted, name, tomllib.loads(f"x = {written}")["x"])
    _write(path, _first_that_means(wanted, _with_line(text, tuple(name), written), path, name))


def unset_value(path: Path, name: Sequence[str]) -> bool:
    """Take one setting, or a whole table, out of the file; False when it is not in there."""
    text = path.read_text("utf-8") if path.exists() else ""
    wanted = _document(path, text)
    if not _drop(wanted, name):
        return False
    _write(path, _first_that_means(wanted, _without(text, tuple(name)), path, name))
    return True


def _first_that_means(wanted: Mapping[str, Any], texts: Iterator[str], path: Path, name: Sequence[str]) -> str:
    """A file is edited as text, and what came out is read again: only what says the right thing is written."""
    for text in texts:
        try:
            if _bare(tomllib.loads(text)) == _bare(wanted):
                return text
        except tomllib.TOMLDecodeError:
            continue
    raise ConfigError(
        f"{shown(path)} is written in a way that cannot be changed from here; edit {'.'.join(name)} there"
    )


def _with_line(text: str, name: tuple[str, ...], written: str) -> Iterator[str]:
    lines = text.splitlines()
    entries = list(lines_of(text))
    for number, found in entries:
        if found == name:
            head = lines[number - 1].partition("=")[0].rstrip()
            comment = lines[number - 1].rpartition(" #")[2]
            yield from _replaced(lines, number - 1, [f"{head} = {written}  #{comment}"])
            yield from _replaced(lines, number - 1, [f"{head} = {written}"])
    headers = {found: number for number, found in entries if lines[number - 1].lstrip().startswith("[")}
    for depth in range(len(name) - 1, 0, -1):
        if name[:depth] in headers:
            end = _end_of_table(lines, headers[name[:depth]], set(headers.values()))
            yield _joined([*lines[:end], f"{_dotted(name[depth:])} = {written}", *lines[end:]])
    if len(name) == 1:
        first = min(headers.values(), default=len(lines) + 1) - 1
        gap = [""] if first < len(lines) else []
        yield _joined([*lines[:first], f"{_dotted(name)} = {written}", *gap, *lines[first:]])
    gap = [""] if lines and lines[-1].strip() else []
    yield _joined([*lines, *gap, f"[{_dotted(name[:-1])}]", f"{_dotted(name[-1:])} = {written}"])


def _without(text: str, name: tuple[str, ...]) -> Iterator[str]:
    lines = text.splitlines()
    starts = [number for number, found in lines_of(text) if found[: len(name)] == name]
    if len(starts) == 1:
        yield from _replaced(lines, starts[0] - 1, [])
    # A table goes with all that is in it, which may be in several places.
    kept, dropping = [], False
    at = dict(lines_of(text))
    for number, line in enumerate(lines, start=1):
        if number in at:
            dropping = at[number][: len(name)] == name
        if not dropping:
            kept.append(line)
    yield _joined(kept)


def _replaced(lines: list[str], index: int, new: list[str]) -> Iterator[str]:
    """The value may go on over the next lines; which of these texts is right, the reader tells."""
    for span in range(1, min(VALUE_LINES_MAX, len(lines) - index) + 1):
        yield _joined([*lines[:index], *new, *lines[index + span :]])


def _end_of_table(lines: list[str], header: int, headers: set[int]) -> int:
    following = [number - 1 for number in headers if number > header]
    end = min(following, default=len(lines))
    while end > header and not lines[end - 1].strip():
        end -= 1
    return end


def _dotted(name: Sequence[str]) -> str:
    return ".".join(part if part.replace("-", "_").isidentifier() else to_toml(part) for part in name)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown(path)} is not TOML: {error}") from None


def _put(document: dict[str, Any], name: Sequence[str], value: Any) -> None:
    for part in name[:-1]:
        document = document.setdefault(part, {})
    document[name[-1]] = value


def _drop(document: dict[str, Any], name: Sequence[str]) -> bool:
    for part in name[:-1]:
        inner = document.get(part)
        if not isinstance(inner, dict):
            return False
        document = inner
    return document.pop(name[-1], None) is not None


def _bare(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without empty tables: an emptied one may stay in the file."""
    copied = {name: _bare(each) if isinstance(each, dict) else deepcopy(each) for name, each in document.items()}
    return {name: each for name, each in copied.items() if each != {}}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except OSError as error:
        raise ConfigError(f"{shown(path)} cannot be written: {error}") from None
