"""The one set-up of logging, for the command's processes, their child processes, and programs of your own."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

import msgspec

from headrace.logs.config import LogConfig, level_number, parse_levels
from headrace.logs.formatters import make_formatter
from headrace.logs.rotation import SharedFileHandler

VARIABLE = "HEADRACE_LOG_SETUP"
"""Tells child processes how their parent was set up: they are set up alike."""


def set_up_logging(config: LogConfig) -> None:
    """Log as ``config`` says, in this process and in the child processes that it starts from now on.

    What was set up before on the root logger is replaced. Warnings of Python become records of ``py.warnings``.
    Raises OSError when the file cannot be opened.
    """
    handlers = _handlers(config)
    logging.basicConfig(handlers=handlers, force=True)
    logging.captureWarnings(True)
    for name, level in {"": config.level, **config.levels}.items():
        logging.getLogger(name).setLevel(level_number(level))
    os.environ[VARIABLE] = msgspec.json.encode(config).decode()


def set_up_as_parent() -> None:
    """Log as the process that started this one does; change nothing if that one was never set up."""
    given = os.environ.get(VARIABLE)
    if given:
        set_up_logging(msgspec.json.decode(given, type=LogConfig))


def set_levels(text: str) -> None:
    """Change levels at run time: ``debug`` for everything, ``headrace.sqlite=debug``, or several with commas.

    Raises ConfigError for what is no level. Child processes that run already keep theirs.

    >>> before = logging.getLogger("headrace.sqlite").level
    >>> set_levels("headrace.sqlite=debug")
    >>> logging.getLogger("headrace.sqlite").isEnabledFor(logging.DEBUG)
    True
    >>> logging.getLogger("headrace.sqlite").setLevel(before)
    """
    for name, level in parse_levels(text).items():
        logging.getLogger(name).setLevel(level_number(level))


def levels_text() -> str:
    """The levels that hold in this process, as ``set_levels`` takes them: the root's, then of loggers with their own.

    >>> levels_text().startswith("warning")
    True
    """
    named = {
        name: each.level for name, each in logging.root.manager.loggerDict.items() if isinstance(each, logging.Logger)
    }
    told = [f"{name}={_word(level)}" for name, level in sorted(named.items()) if level]
    return ",".join([_word(logging.root.level), *told])


def _word(level: int) -> str:
    return logging.getLevelName(level).lower()


def _handlers(config: LogConfig) -> list[logging.Handler]:
    made: list[logging.Handler] = []
    if config.destination != "file":
        stream = sys.stdout if config.destination == "stdout" else sys.stderr
        console = logging.StreamHandler(stream)
        console.setFormatter(make_formatter(config.format, coloured=_takes_colours(stream)))
        made.append(console)
    if config.file is not None:
        file = SharedFileHandler(config.file, max_bytes=config.max_bytes, keep=config.keep)
        file.setFormatter(make_formatter(config.format))
        made.append(file)
    return made


def _takes_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")
