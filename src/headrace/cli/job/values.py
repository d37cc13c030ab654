"""Values typed on the command line: ``k=v`` where v is JSON if it parses, else text, and whole JSON objects."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from headrace.cli.faults import usage


class Priority(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number from 0 to 9, or a word for one of them: ``low``, ``normal``, ``medium``, ``high``, ``critical``."""

    name = "priority"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a number or a word."""
        from headrace.model.job import PRIORITY_MAX, PRIORITY_MIN, PRIORITY_WORDS

        words: dict[str, int] = {str(word): number for word, number in PRIORITY_WORDS.items()}
        text = str(value).lower()
        number = int(text) if text.isascii() and text.isdecimal() else words.get(text)
        if number is None or not PRIORITY_MIN <= number <= PRIORITY_MAX:
            self.fail(f"{value!r} is no number from {PRIORITY_MIN} to {PRIORITY_MAX}, nor one of {', '.join(words)}")
        return number


def read_pair(option: str, text: str) -> tuple[str, Any]:
    """Read ``k=v``. Raises a usage fault that names the option.

    >>> read_pair("--arg", "n=1"), read_pair("--arg", "name=Ada"), read_pair("--arg", 'name="1"')
    (('n', 1), ('name', 'Ada'), ('name', '1'))
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise usage(f"{option} {text}: write NAME=VALUE", code="41", fixes=[f"{option} {name or 'name'}=value"])
    try:
        return name, json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return name, value


def _refuse(name: str) -> None:
    """NaN and Infinity are no JSON; they are taken as text."""
    raise ValueError(name)


def read_object(option: str, text: str) -> dict[str, Any]:
    """Read a JSON object. Raises a usage fault that says where it is broken."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise usage(f"{option} is not JSON: {error}", code="42", notes=[f"got {text[:80]!r}"]) from None
    if not isinstance(value, dict):
        raise usage(f'{option} is a JSON object, such as \'{{"name": "Ada"}}\'; got {text[:80]!r}', code="42")
    return value


def read_mapping(option: str, given: Sequence[str]) -> dict[str, Any]:
    """Read a repeated ``k=v`` or JSON object; later ones win."""
    merged: dict[str, Any] = {}
    for text in given:
        if text.lstrip().startswith("{"):
            merged.update(read_object(option, text))
        else:
            name, value = read_pair(option, text)
            merged[name] = value
    return merged


def read_arguments(pairs: Sequence[str], whole: str | None) -> dict[str, Any]:
    """The arguments of a job, from ``--args`` and ``--arg``; ``--arg`` wins."""
    arguments = {} if whole is None else read_object("--args", sys.stdin.read() if whole == "-" else whole)
    for text in pairs:
        name, value = read_pair("--arg", text)
        arguments[name] = value
    return arguments
