"""What goes wrong, as a value: RFC 9457, with what a program and a person need to go on."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

MEDIA_TYPE = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused. Nothing of it was done, unless ``detail`` says otherwise.

    ``code`` is for programs and keeps its meaning; ``headrace explain CODE`` tells about it. ``field`` and ``value``
    say what in the request is wrong, and ``fix`` what to send instead. ``retryable``: the same request may work later.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    value: Any = None
    fix: str | None = None
    retryable: bool = False
    request_id: str | None = None
