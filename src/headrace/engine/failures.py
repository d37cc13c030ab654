"""Exceptions as they are stored: bounded, without the engine's own frames, and safe for every store."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from types import TracebackType

from headrace.model.fingerprint import fingerprint
from headrace.model.job import ErrorInfo

TRACEBACK_BYTES_MAX = 64 * 1024
"""A deep recursion formats to about this much; more is repetition, and every attempt keeps its own."""

MESSAGE_BYTES_MAX = 8 * 1024
"""Messages are shown in lists; what is longer is a document that was put into an exception."""

_ENGINE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_CUT = "\n... cut ...\n"


def describe(error: BaseException) -> ErrorInfo:
    """The stored form of an exception. Never raises, whatever the exception does when it is asked for its text.

    >>> describe(ValueError("no such account")).traceback
    'ValueError: no such account\\n'
    """
    kind, message = type(error).__qualname__, safe_text(_message(error), MESSAGE_BYTES_MAX)
    return ErrorInfo(
        type=kind,
        message=message,
        traceback=safe_text(_traceback(error), TRACEBACK_BYTES_MAX),
        fingerprint=fingerprint(kind, message, _functions(error.__traceback__)),
    )


def safe_text(text: str, bytes_max: int) -> str:
    """Text that every store takes: no NUL, no lone surrogate, and the middle cut out when it is too long.

    >>> safe_text("a\\x00b\\ud800", 100)
    'a\\\\x00b\\\\ud800'
    """
    data = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace")
    if len(data) > bytes_max:
        head = bytes_max // 4
        tail = bytes_max - head - len(_CUT)
        data = data[:head] + _CUT.encode() + data[-tail:]
    return data.decode("utf-8", "ignore")


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:
        return f"<the message cannot be read: {type(broken).__name__}>"


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, _below_engine(error.__traceback__)))
    except Exception as broken:
        return f"<the traceback cannot be formatted: {type(broken).__name__}>"


def _functions(frames: TracebackType | None) -> Iterator[str]:
    """Where the error was raised, as ``module:function``, the innermost first; a function that calls itself, once."""
    found: dict[str, None] = {}
    below = _below_engine(frames)
    while below is not None:
        code = below.tb_frame.f_code
        name = f"{below.tb_frame.f_globals.get('__name__', '')}:{code.co_qualname}"
        found.pop(name, None)
        found[name] = None
        below = below.tb_next
    return reversed(found)


def _below_engine(frames: TracebackType | None) -> TracebackType | None:
    """The handler's part of a traceback; all of it when there is no other, so that a bug of the engine shows."""
    below = frames
    while below is not None and below.tb_frame.f_code.co_filename.startswith(_ENGINE):
        below = below.tb_next
    return below or frames
