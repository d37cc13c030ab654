"""The settings by name: ``worker.lease`` has a type, a default, a text and a variable, all from the model."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_type_hints

import msgspec
from msgspec import Struct

from headrace.config.settings import ProfileSettings, Settings

PREFIX = "HEADRACE_"
SELECTORS = {
    "HEADRACE_CONFIG": "the project file, instead of looking for one in this folder and those above it",
    "HEADRACE_PROFILE": "the profile, instead of the one in use",
}
"""Variables that say which files count; they are no settings themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting. ``path`` is where it is in the model, ``kind`` its type, ``text`` what it means."""

    path: tuple[str, ...]
    kind: Any
    default: Any
    text: str
    owner: type[Struct]

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + "_".join(self.path).upper()


@cache
def all_keys() -> Mapping[str, Key]:
    """Every setting by its dotted name, in the order of the model.

    >>> all_keys()["worker.lease"].variable
    'HEADRACE_WORKER_LEASE'
    """
    return {key.name: key for key in _walk(Settings, Settings(), ())}


@cache
def profile_keys() -> Mapping[str, Key]:
    """The settings that only a profile has."""
    return {key.name: key for key in _walk(ProfileSettings, ProfileSettings(), ())}


def near(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """A hint for a name that is none: the near one, also when only its last part was written.

    >>> near("worker.leese", all_keys()), near("lease", all_keys())
    ("; did you mean 'worker.lease'?", "; did you mean 'worker.lease'?")
    """
    names = list(known)
    ends = [each for each in names if each.rpartition(".")[2] == name]
    found = ends[:1] or get_close_matches(name, names, 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def described(kind: type) -> dict[str, str]:
    """The texts of a docstring that has a ``name: text`` paragraph for each field."""
    doc = inspect.cleandoc(kind.__doc__ or "")
    found = re.finditer(r"^(\w+): (.*(?:\n    .*)*)", doc, re.MULTILINE)
    return {each.group(1): " ".join(line.strip() for line in each.group(2).splitlines()) for each in found}


def _walk(kind: type[Struct], value: Struct, path: tuple[str, ...]) -> Iterator[Key]:
    hints, texts = get_type_hints(kind), described(kind)
    for field in msgspec.structs.fields(kind):
        here, inner = (*path, field.name), getattr(value, field.name)
        if isinstance(inner, Struct):
            yield from _walk(type(inner), inner, here)
        else:
            text = texts.get(field.name, f"see {kind.__name__}")
            yield Key(path=here, kind=hints[field.name], default=inner, text=text, owner=kind)
