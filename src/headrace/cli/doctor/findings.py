"""What a check finds."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One check: passed (``ok``), worth knowing (``warning``), or to be put right (``fault``); ``fix`` says how."""

    check: str
    level: Literal["ok", "warning", "fault"]
    message: str
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    """The check passed."""
    return Finding(check, "ok", message)


def warning(check: str, message: str, fix: str = "") -> Finding:
    """Something that will hurt some day, or that its owner may want so."""
    return Finding(check, "warning", message, fix)


def fault(check: str, message: str, fix: str = "") -> Finding:
    """Something that keeps jobs from being stored or run, or puts them at risk."""
    return Finding(check, "fault", message, fix)
