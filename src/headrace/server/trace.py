"""The trace that a request is part of, as W3C Trace Context hands it on."""

from __future__ import annotations

import re
from collections.abc import Mapping

TRACEPARENT = "traceparent"
"""The header, and in a job's ``meta`` the same: the enqueue, or the attempt, is then linked to the caller's span."""

_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}").fullmatch


def traceparent_of(headers: Mapping[str, str]) -> str | None:
    """The caller's trace context; None where it sent none, or what is none: then a new trace begins, it is no error.

    >>> traceparent_of({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    >>> traceparent_of({"traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"})
    """
    given = headers.get(TRACEPARENT)
    return given if given is not None and _VALID(given) else None
