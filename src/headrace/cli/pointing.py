"""The command line with the wrong word underlined."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from headrace.cli.secrets import masked

WIDTH_MAX = 110
"""A longer command line would be broken by the terminal, and the mark would be under another word."""


def point_at(word: str, args: Sequence[str]) -> tuple[str, str] | None:
    """The command line and a line that marks ``word`` in it; None where it is not there or would not fit.

    >>> print("\\n".join(point_at("ded", ["job", "list", "state:ded"])))
    headrace job list state:ded
                            ^^^
    """
    word = masked(word)
    line, begins = "headrace", None
    for arg in args:
        typed = shlex.quote(masked(arg))
        line += " "
        if begins is None and word and word in typed and (masked(arg) == word or begins_there(arg, word)):
            begins = len(line) + typed.index(word)
        line += typed
    if begins is None or len(line) > WIDTH_MAX or not line.isprintable():
        return None
    return line, " " * begins + "^" * len(word)


def begins_there(arg: str, word: str) -> bool:
    """True when ``word`` is a part of ``arg`` by itself: ``--queue=mail``, ``state:dead``, ``a,b``."""
    before, _, _ = arg.partition(word)
    return before == "" or before[-1] in ":=,-"
