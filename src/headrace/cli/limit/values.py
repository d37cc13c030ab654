"""The values that limits are given at a shell: a figure, or the word none to take it away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.errors import ConfigError
from headrace.model.durations import parse_duration
from headrace.model.limits import Rate, parse_rate

if TYPE_CHECKING:
    _Type = click.ParamType[Any]
else:
    # Click's parameter types became generic only after the oldest release that is supported.
    _Type = click.ParamType

NONE = "none"


class OrNone(_Type):
    """A figure, or ``none``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the figure; ``none`` stays that word, since a missing option is None."""
        if not isinstance(value, str) or value == NONE:
            return value
        try:
            return self.read(value)
        except (ConfigError, ValueError) as error:
            self.fail(f"{error}" if isinstance(error, ConfigError) else f"{value!r} is no number, nor none", param, ctx)

    def read(self, text: str) -> int | Rate | timedelta:
        """Read a number."""
        return int(text)


class RateOrNone(OrNone):
    """``100/s``, ``5/10s burst 1``, or ``none``."""

    def read(self, text: str) -> Rate:
        """Read a rate."""
        return parse_rate(text)


class DurationOrNone(OrNone):
    """``10m``, or ``none``."""

    def read(self, text: str) -> timedelta:
        """Read a duration."""
        return parse_duration(text)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """What was given, with None for the word.

    >>> given({"concurrency": "none", "rate": None, "fair": True})
    {'concurrency': None, 'fair': True}
    """
    return {name: None if value == NONE else value for name, value in options.items() if value is not None}
