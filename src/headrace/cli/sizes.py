"""Sizes as people read them."""

from __future__ import annotations


def format_bytes(count: int) -> str:
    """Bytes for people.

    >>> format_bytes(532), format_bytes(2_621_440)
    ('532 B', '2.5 MiB')
    """
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"
        size /= 1024
    return f"{size:.1f} GiB"
