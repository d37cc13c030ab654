"""Who is at the terminal: the author of what a command changes."""

from __future__ import annotations

import getpass
import socket

UNKNOWN = "unknown"
"""A user id without a name, as a container may run as."""


def who() -> str:
    """The name of the person at the terminal, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return UNKNOWN


def who_and_where() -> str:
    """The person and the machine, for what is looked at long after, and on other machines."""
    person, machine = who(), socket.gethostname()
    return machine if person == UNKNOWN else f"{person}@{machine}"


def signed(reason: str, done: str = "") -> str:
    """A reason with the name of who gives it; without a reason, who it was.

    >>> from unittest.mock import patch
    >>> with patch("getpass.getuser", return_value="ada"):
    ...     signed("the relay is down"), signed(""), signed("", "skipped")
    ('the relay is down (by ada)', 'by ada', 'skipped by ada')
    """
    return f"{reason} (by {who()})" if reason else f"{done} by {who()}".strip()
