"""Arguments and results as JSON can hold them."""

from __future__ import annotations

from typing import Any

from headrace.model.payload import Codecs

_CODECS = Codecs()


def decoded(data: bytes | None, codec: str | None) -> Any:
    """Arguments or a result as JSON can hold them; what only the program can read is told by its size.

    >>> decoded(b'{"name":"Ada"}', "json"), decoded(b"...", "pickle")
    ({'name': 'Ada'}, '<3 bytes of pickle>')
    """
    if data is None:
        return None
    if codec not in ("json", "msgpack"):
        return f"<{len(data)} bytes of {codec}>"
    try:
        return _CODECS.get(codec).decode(data, Any)
    except (ValueError, RecursionError):
        return f"<{len(data)} bytes that are no {codec}>"
