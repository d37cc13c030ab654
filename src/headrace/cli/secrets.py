"""Passwords are never printed, wherever a URL with one goes; nor are settings that are secrets by their name."""

from __future__ import annotations

from headrace.model.redaction import is_always_hidden
from headrace.model.redaction import mask_url as masked

__all__ = ["masked", "masked_setting"]


def masked_setting(name: str, text: str) -> str:
    """A setting's value as it may be shown.

    >>> masked_setting("server.token", "correct-horse-battery"), masked_setting("server.token", "none")
    ('***', 'none')
    """
    if is_always_hidden(name.rpartition(".")[2]) and text != "none":
        return "***"
    return masked(text)
