"""From exceptions to faults: what Click, headrace and the operating system raise, with a code, a hint and a fix."""

from __future__ import annotations

import re
from typing import Any

import click

from headrace.cli.faults import Exit, Fault, did_you_mean, usage

_NO_NUMBER = re.compile(r"is not a valid (integer|float)(?: range)?")
_NUMBERS = {"integer": "is no whole number", "float": "is no number"}
"""Click calls a number within bounds a range."""


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
    word = None
    message = error.message
    if isinstance(error, click.NoSuchOption):
        word = error.option_name
        message = f"no such option: {word}"
        known = error.possibilities or []
        notes += did_you_mean(word, known, what="near options") if known else []
    elif isinstance(error, click.exceptions.MissingParameter):
        message = error.format_message()
    elif isinstance(error, click.BadParameter):
        message = _NO_NUMBER.sub(lambda found: _NUMBERS[found[1]], error.format_message())
        if error.param is not None:
            word = next(iter(sorted(error.param.opts, key=len, reverse=True)), None)
    fixes = []
    if error.ctx is not None:
        notes.append(" ".join(error.ctx.get_usage().split()))
        fixes.append(f"{error.ctx.command_path} --help")
    return usage(message[:1].lower() + message[1:].rstrip("."), word=word, notes=notes, fixes=fixes)


def _of_headrace(error: BaseException) -> Fault | None:
    from headrace import errors

    kinds: list[tuple[type[Any], Exit, str]] = [
        (errors.JobNotFound, Exit.NOT_FOUND, "01"),
        (errors.UnknownTask, Exit.NOT_FOUND, "02"),
        (errors.UnknownSchedule, Exit.NOT_FOUND, "04"),
        (errors.UnknownKey, Exit.NOT_FOUND, "05"),
        (errors.UnknownWebhook, Exit.NOT_FOUND, "06"),
        (errors.OperationNotFound, Exit.NOT_FOUND, "09"),
        (errors.InvalidArguments, Exit.USAGE, "14"),
        (errors.ConfigError, Exit.USAGE, "15"),
        (errors.UsageError, Exit.USAGE, "16"),
        (errors.TooLarge, Exit.USAGE, "17"),
        (errors.AccessDenied, Exit.NOT_ALLOWED, "10"),
        (errors.ServiceError, Exit.BAD_ANSWER, "11"),
        (errors.IdempotencyConflict, Exit.WRONG_STATE, "02"),
        (errors.StorageCorrupt, Exit.BAD_ANSWER, "03"),
        (errors.SchemaOutdated, Exit.UNREACHABLE, "03"),
        (errors.StorageError, Exit.UNREACHABLE, "01"),
    ]
    for kind, exit_code, code in kinds:
        if isinstance(error, kind):
            fixes = ["headrace doctor"] if isinstance(error, errors.StorageError) else []
            if isinstance(error, errors.SchemaOutdated):
                fixes = ["headrace store migrate status"]
            again = isinstance(error, errors.Unavailable)
            return Fault(exit_code, code, str(error), fixes=fixes, retryable=again)
    return None
