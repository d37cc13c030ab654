"""Log lines: for people, with and without fields, and for machines. Nothing that is logged makes them raise."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

from headrace.logs.config import Format
from headrace.logs.fields import fields_of

_COLOURS = {"debug": "2", "warning": "33", "error": "31", "critical": "1;31"}


def make_formatter(form: Format, *, coloured: bool = False) -> logging.Formatter:
    """The formatter of that name. ``coloured`` is for terminals; JSON never is."""
    match form:
        case "json":
            return JsonFormatter()
        case "compact":
            return TextFormatter(fields=False, coloured=coloured)
        case "pretty":
            return TextFormatter(fields=True, coloured=coloured)


class JsonFormatter(logging.Formatter):
    """One object a line: ``ts``, ``level``, ``logger``, ``message``, ``fields``, and ``traceback`` where there is one.

    >>> record = logging.LogRecord("shop", logging.INFO, "", 0, "paid %d", (7,), None)
    >>> record.created, record.process = 1_700_000_000.25, 12
    >>> JsonFormatter().format(record)
    '{"ts":"2023-11-14T22:13:20.250Z","level":"info","logger":"shop","message":"paid 7","fields":{"pid":12}}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "ts": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "fields": {"pid": record.process, **fields_of(record)},
        }
        if traceback := _traceback(self, record):
            line["traceback"] = traceback
        return _encode(line)


class TextFormatter(logging.Formatter):
    """A line for people: instant, level, logger, message and, with ``fields``, ``name=value`` for each."""

    def __init__(self, *, fields: bool, coloured: bool = False) -> None:
        super().__init__()
        self._fields = fields
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a traceback below it where there is one."""
        level = record.levelname.lower()
        told = [self._painted(_instant(record), "2"), self._painted(f"{level:<7}", _COLOURS.get(level, ""))]
        if self._fields:
            told.append(record.name)
        told.append(_message(record))
        if self._fields:
            told += (self._painted(f"{name}={_text(value)}", "2") for name, value in sorted(fields_of(record).items()))
        traceback = _traceback(self, record)
        return " ".join(told) + (f"\n{traceback}" if traceback else "")

    def _painted(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured and colour else text


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _message(record: logging.LogRecord) -> str:
    try:
        return _storable(record.getMessage())
    except Exception:
        # Arguments that do not fit the text, or that raise when shown: the mistake must not cost the line.
        return f"{_text(record.msg)} % {_text(record.args)}"


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return _storable("\n".join(parts))


def _encode(line: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=_text).decode()
    except Exception:
        # A key that is no text, an integer or a nesting beyond JSON's, half a surrogate pair: say what it looks like.
        fields = {_text(name): _fitting(value) for name, value in line["fields"].items()}
        return msgspec.json.encode({**line, "logger": _storable(line["logger"]), "fields": fields}).decode()


def _fitting(value: Any) -> Any:
    try:
        return msgspec.Raw(msgspec.json.encode(value, enc_hook=_text))
    except Exception:
        return _text(value)


def _text(value: Any) -> str:
    """A value as text: itself, or what it looks like, whatever its ``repr`` does."""
    try:
        return _storable(value if isinstance(value, str) else repr(value))
    except Exception as error:
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: half a surrogate pair cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
