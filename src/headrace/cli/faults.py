"""What goes wrong, told like a compiler does: what happened, why, and what to type next. And the exit codes.

The two digits after ``HR-E`` are the exit code, so that a script and a reader see the same thing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum
from typing import Any

import click


class Exit(IntEnum):
    """How the command ends. ``headrace help exit-codes`` prints this table."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    WRONG_STATE = 5
    UNREACHABLE = 6
    BAD_ANSWER = 9
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Fault(Exception):
    """A mistake or a mishap that a person can do something about; told without a traceback.

    ``code`` is for machines and stays the same; ``notes`` say where and why; ``fixes`` are commands to paste.
    """

    def __init__(
        self,
        exit_code: Exit,
        code: str,
        message: str,
        *,
        notes: Sequence[str] = (),
        fixes: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = f"HR-E{exit_code:02d}{code}"
        self.message = message
        self.notes = tuple(notes)
        self.fixes = tuple(fixes)

    def text(self) -> str:
        """The fault for people, several lines."""
        lines = [f"error[{self.code}]: {self.message}"]
        lines += [f"  = {note}" for note in self.notes]
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
            }
        )


def usage(message: str, *, code: str = "01", notes: Sequence[str] = (), fixes: Sequence[str] = ()) -> Fault:
    """A fault of how the command was written: exit code 2."""
    return Fault(Exit.USAGE, code, message, notes=notes, fixes=fixes)


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
        return [f"did you mean {' or '.join(repr(name) for name in near)}?"]
    return [f"{what}: {', '.join(names)}"] if names else []


def fault_of(error: BaseException) -> Fault | None:
    """The fault that stands for an exception, or None for one that nobody expected."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, click.UsageError):
        return _of_click(error)
    if isinstance(error, click.ClickException):
        return usage(error.format_message())
    return _of_headrace(error)


def _of_click(error: click.UsageError) -> Fault:
    notes: list[str] = []
    message = error.message
    if isinstance(error, click.NoSuchOption):
        message = f"no such option: {error.option_name}"
        known = error.possibilities or []
        notes += did_you_mean(error.option_name, known, what="near options") if known else []
    elif isinstance(error, click.exceptions.MissingParameter | click.BadParameter):
        message = error.format_message()
    fixes = []
    if error.ctx is not None:
        notes.append(" ".join(error.ctx.get_usage().split()))
        fixes.append(f"{error.ctx.command_path} --help")
    return usage(message[:1].lower() + message[1:].rstrip("."), notes=notes, fixes=fixes)


def _of_headrace(error: BaseException) -> Fault | None:
    from headrace import errors

    kinds: list[tuple[type[Any], Exit, str]] = [
        (errors.JobNotFound, Exit.NOT_FOUND, "01"),
        (errors.UnknownTask, Exit.NOT_FOUND, "02"),
        (errors.InvalidArguments, Exit.USAGE, "14"),
        (errors.ConfigError, Exit.USAGE, "15"),
        (errors.UsageError, Exit.USAGE, "16"),
        (errors.TooLarge, Exit.USAGE, "17"),
        (errors.IdempotencyConflict, Exit.WRONG_STATE, "02"),
        (errors.StorageCorrupt, Exit.BAD_ANSWER, "03"),
        (errors.SchemaOutdated, Exit.UNREACHABLE, "03"),
        (errors.StorageError, Exit.UNREACHABLE, "01"),
    ]
    for kind, exit_code, code in kinds:
        if isinstance(error, kind):
            fixes = ["headrace doctor"] if isinstance(error, errors.StorageError) else []
            return Fault(exit_code, code, str(error), fixes=fixes)
    return None
