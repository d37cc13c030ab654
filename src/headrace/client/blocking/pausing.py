"""Waiting that ends when the client is closed, by any thread."""

from __future__ import annotations

import threading


class Pauses:
    """Waits between attempts."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until ``end``."""
        self._closed.wait(seconds)

    def end(self) -> None:
        """Wait no more, now and later."""
        self._closed.set()

    @property
    def over(self) -> bool:
        """Whether ``end`` was called."""
        return self._closed.is_set()
