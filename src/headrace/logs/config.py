"""How to log: settings, frozen and validated once, when they are made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Literal, get_args

from msgspec import Struct, structs

from headrace.errors import ConfigError

Format = Literal["pretty", "compact", "json"]
Target = Literal["stderr", "stdout", "file", "both"]

MAX_BYTES_DEFAULT = 10 << 20
KEEP_DEFAULT = 5
"""Sixty megabytes of log at most, the current file included: enough to look back, too little to fill a disk."""

LINE_BYTES_MIN = 1 << 10
"""A file that rotates at less than a kilobyte would be renamed for every line."""

_LEVELS = ("debug", "info", "warning", "error", "critical")


class LogConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a process logs. Raises ConfigError that names the field and the value.

    format: ``pretty``, a line with all fields for people; ``compact``, without them; ``json``, one object a line with
        ``ts``, ``level``, ``logger``, ``message`` and ``fields``. Instants are RFC 3339, UTC, in milliseconds.
    level: log from this level on: debug, info, warning, error or critical.
    levels: other levels for single loggers and those below them: ``{"headrace.sqlite": "debug"}``.
    target: stderr, stdout, file, or both: stderr and file. None is file where ``file`` is given, and else stderr.
    file: where to append. Processes may share one file: no line is lost or torn when it rotates.
    max_bytes: rotate the file before it would grow beyond this. 10 MiB.
    keep: how many rotated files stay, as ``FILE.1``, the latest, to ``FILE.5``. Older ones are deleted.

    >>> LogConfig(format="json", level="warning").destination
    'stderr'
    >>> LogConfig(level="loud")
    Traceback (most recent call last):
    headrace.errors.ConfigError: level is one of debug, info, warning, error, critical; got 'loud'
    """

    format: Format = "pretty"
    level: str = "info"
    levels: Mapping[str, str] = {}
    target: Target | None = None
    file: str | None = None
    max_bytes: int = MAX_BYTES_DEFAULT
    keep: int = KEEP_DEFAULT

    def __post_init__(self) -> None:
        _check_word("format", self.format, get_args(Format))
        if self.target is not None:
            _check_word("target", self.target, get_args(Target))
        _check_word("level", self.level, _LEVELS)
        for name, level in self.levels.items():
            _check_word(f"levels[{name!r}]", level, _LEVELS)
        if self.destination in ("file", "both") and not self.file:
            raise ConfigError(f"file is where to log to when target is {self.target!r}; got {self.file!r}")
        if self.destination in ("stderr", "stdout") and self.file:
            raise ConfigError(f"target={self.target!r} writes no file; leave file={self.file!r} out, or use 'both'")
        if self.max_bytes < LINE_BYTES_MIN:
            raise ConfigError(f"max_bytes must be at least {LINE_BYTES_MIN}; got {self.max_bytes!r}")
        if self.keep < 1:
            raise ConfigError(f"keep is how many rotated files stay, at least 1; got {self.keep!r}")

    @property
    def destination(self) -> Target:
        """The target that applies."""
        return self.target or ("file" if self.file else "stderr")

    def with_levels(self, text: str) -> LogConfig:
        """This, with levels as the command line and the environment give them: ``info,headrace.sqlite=debug``.

        >>> LogConfig().with_levels("warning,headrace.sqlite=debug").levels
        {'headrace.sqlite': 'debug'}
        """
        given = parse_levels(text)
        level = given.pop("", self.level)
        return structs.replace(self, level=level, levels={**self.levels, **given})

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], base: LogConfig | None = None, **overrides: Any
    ) -> LogConfig:
        """``base`` with what the variables ``HEADRACE_LOG_FORMAT``, ``..._LEVEL``, ``..._TARGET`` and so on say.

        There is one for each field but ``levels``, which ``HEADRACE_LOG_LEVEL`` holds too: ``info,asyncio=debug``.
        ``overrides`` are fields that count more than the environment.

        >>> LogConfig.from_environment({"HEADRACE_LOG_LEVEL": "debug", "HEADRACE_LOG_KEEP": "9"}).keep
        9
        """
        changes: dict[str, object] = {}
        for name in ("format", "target", "file", "max_bytes", "keep"):
            if value := environment.get(f"HEADRACE_LOG_{name.upper()}"):
                changes[name] = _whole_number(name, value) if name in ("max_bytes", "keep") else value
        return structs.replace(base or cls(), **{**changes, **overrides}).with_levels(
            environment.get("HEADRACE_LOG_LEVEL", "")
        )


def parse_levels(text: str) -> dict[str, str]:
    """The level of each logger that the text names; the one without a name is everything's, under the empty name.

    >>> parse_levels("info, headrace.sqlite=debug")
    {'': 'info', 'headrace.sqlite': 'debug'}
    """
    levels = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, word = part.rpartition("=")
        levels[name.strip()] = word.strip().lower()
        _check_word(f"the level in {part!r}", levels[name.strip()], _LEVELS)
    return levels


def level_number(word: str) -> int:
    """What ``logging`` calls a level."""
    return logging.getLevelNamesMapping()[word.upper()]


def _check_word(field: str, value: object, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ConfigError(f"{field} is one of {', '.join(words)}; got {value!r}")


def _whole_number(field: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"HEADRACE_LOG_{field.upper()} is a whole number; got {text!r}") from None
