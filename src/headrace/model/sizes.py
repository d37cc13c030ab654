"""Sizes as words: ``532``, ``10KiB``, ``2.5MB``."""

from __future__ import annotations

import re
from decimal import Decimal

from headrace.errors import ConfigError

_UNITS = {"": 1, "b": 1, **{f"{letter}b": 1000**n for n, letter in enumerate("kmg", start=1)}}
_UNITS |= {f"{letter}ib": 1024**n for n, letter in enumerate("kmg", start=1)}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)([kmg]?i?b)?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Read a size in bytes: a number, or one with a unit. ``kB`` is 1,000 and ``KiB`` 1,024; capitals do not matter.

    Raises ConfigError for anything else.

    >>> parse_size("532"), parse_size("10kb"), parse_size("2.5MiB")
    (532, 10000, 2621440)
    """
    found = _SIZE.fullmatch(text)
    unit = (found[2] or "").lower() if found else "?"
    if found is None or unit not in _UNITS:
        raise ConfigError(f"{text!r} is no size; write bytes, or 10kB, 10KiB, 1MiB")
    return int(Decimal(found[1]) * _UNITS[unit])
