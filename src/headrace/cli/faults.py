"""What goes wrong, told like a compiler does: what happened, where, why, and what to type next. And the exit codes.

The two digits after ``HR-E`` are the exit code, so that a script and a reader see the same thing. Every code has its
page in :mod:`headrace.cli.codes`, which ``headrace explain`` prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from enum import IntEnum

from headrace.cli.pointing import point_at


class Exit(IntEnum):
    """How the command ends. ``headrace help exit-codes`` prints this table."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    WRONG_STATE = 5
    UNREACHABLE = 6
    TIMED_OUT = 7
    PARTLY_DONE = 8
    BAD_ANSWER = 9
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Fault(Exception):
    """A mistake or a mishap that a person can do something about; told without a traceback.

    code: two digits after the exit code; for machines, and never used for something else.
    word: the word of the command line that is wrong; it is underlined.
    notes: where and why. fixes: commands to paste. retryable: the same command may work later.
    """

    def __init__(
        self,
        exit_code: Exit,
        code: str,
        message: str,
        *,
        word: str | None = None,
        notes: Sequence[str] = (),
        fixes: Sequence[str] = (),
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = f"HR-E{exit_code:02d}{code}"
        self.message = message
        self.word = word
        self.notes = tuple(notes)
        self.fixes = tuple(fixes)
        self.retryable = retryable

    def text(self, args: Sequence[str] = ()) -> str:
        """The fault for people, several lines; ``args`` are the words that were typed."""
        notes = list(self.notes)
        lines = [f"error[{self.code}]: {self.message}"]
        if self.word is not None and (pointed := point_at(self.word, args)):
            hint = notes.pop(0) if notes and notes[0].startswith("did you mean") else ""
            lines += [f"  │ {pointed[0]}", f"  │ {pointed[1]} {hint}".rstrip()]
        lines += [f"  = {note}" for note in notes]
        lines += [f"  {'try:' if not index else '    '} {fix}" for index, fix in enumerate(self.fixes)]
        return "\n".join(lines)

    def json(self) -> str:
        """The fault for machines, one line."""
        return json.dumps(
            {
                "code": self.code,
                "message": self.message,
                "hint": "; ".join(self.notes) or None,
                "fix": "\n".join(self.fixes) or None,
                "docs": f"headrace explain {self.code}",
                "retryable": self.retryable,
            }
        )


def usage(
    message: str,
    *,
    code: str = "01",
    word: str | None = None,
    notes: Sequence[str] = (),
    fixes: Sequence[str] = (),
) -> Fault:
    """A fault of how the command was written: exit code 2."""
    return Fault(Exit.USAGE, code, message, word=word, notes=notes, fixes=fixes)


def did_you_mean(word: str, known: Iterable[str], *, what: str) -> list[str]:
    """A note with the near names, or with all names where none is near.

    >>> did_you_mean("lsit", ["list", "get"], what="verbs")
    ["did you mean 'list'?"]
    >>> did_you_mean("xyz", ["list", "get"], what="verbs")
    ['verbs: list, get']
    """
    names = list(known)
    near = get_close_matches(word, names, n=3)
    if near:
        # What is much less alike than the best of them would only distract.
        likeness = [SequenceMatcher(None, word, name).ratio() for name in near]
        near = [name for name, ratio in zip(near, likeness, strict=True) if ratio > likeness[0] - 0.1]
        return [f"did you mean {' or '.join(repr(name) for name in near)}?"]
    return [f"{what}: {', '.join(names)}"] if names else []
