"""Passwords are never printed, wherever a URL with one goes."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s]+(?=@)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<before>[?&](?:password|passwd|token|secret|key)=)[^&\s]+", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with stars for the passwords of its URLs.

    >>> masked("postgresql://app:hunter2@db/app?token=abc")
    'postgresql://app:***@db/app?token=***'
    """
    return _PARAMETER.sub(r"\g<before>***", _PASSWORD.sub(r"\g<before>***", text))
