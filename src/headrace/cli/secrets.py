"""Passwords are never printed, wherever a URL with one goes; nor are settings that are secrets by their name."""

from __future__ import annotations

import re

from headrace.model.redaction import is_always_hidden

_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s]+(?=@)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<before>[?&](?:password|passwd|token|secret|key)=)[^&\s]+", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with stars for the passwords of its URLs.

    >>> masked("postgresql://app:hunter2@db/app?token=abc")
    'postgresql://app:***@db/app?token=***'
    """
    return _PARAMETER.sub(r"\g<before>***", _PASSWORD.sub(r"\g<before>***", text))


def masked_setting(name: str, text: str) -> str:
    """A setting's value as it may be shown.

    >>> masked_setting("server.token", "correct-horse-battery"), masked_setting("server.token", "none")
    ('***', 'none')
    """
    if is_always_hidden(name.rpartition(".")[2]) and text != "none":
        return "***"
    return masked(text)
