"""One name for all errors that are the same but for their numbers: what failures are grouped by.

A fingerprint is made of the exception's type, its message without whatever differs from job to job, and the functions
in which it was raised. Line numbers are left out, so that a deploy that moves code does not make every error a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import islice

FRAMES_MAX = 5
"""Functions that count, from where it was raised outwards: enough to tell callers apart, few enough that a handler
called in two ways is one error."""

MESSAGE_LETTERS_MAX = 1_000
"""Messages are compared by their beginning; what is longer quotes a document."""

LETTERS = 12

_VARYING = re.compile(
    r"""
      "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*`      # quoted
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                         # mail addresses
    | \b[a-z][a-z0-9+.-]*://\S+                            # URLs
    | (?<![\w.])(?:/[\w.+-]+){2,}/?                        # paths
    | \b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b      # UUIDs
    | \b0x[0-9a-f]+\b | \b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b    # hexadecimal
    | [+-]?\d+(?:[.,:]\d+)*                                # numbers, times, versions, network addresses
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_SPACE = re.compile(r"\s+")


def normalised(message: str) -> str:
    """The message with ``#`` for quoted text, ids, paths, addresses and numbers.

    >>> normalised("order 17 of 'ada' not found in /var/lib/shop.db after 3.5 s")
    'order # of # not found in # after # s'
    """
    return _SPACE.sub(" ", _VARYING.sub("#", message[:MESSAGE_LETTERS_MAX])).strip()


def fingerprint(kind: str, message: str, frames: Iterable[str] = ()) -> str:
    """The fingerprint of an error of type ``kind``; ``frames`` are ``module:function``, the innermost first.

    >>> ada, bob = (fingerprint("KeyError", message, ["shop:load"]) for message in ("'ada'", "'bob'"))
    >>> ada == bob != fingerprint("KeyError", "'ada'", ["shop:store"])
    True
    """
    text = "\n".join((kind, normalised(message), *islice(frames, FRAMES_MAX)))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=LETTERS // 2).hexdigest()
