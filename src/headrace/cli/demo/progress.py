"""How the demo tells what happens: a line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

PLAIN_EVERY_S = 2.0
"""In a log file a line every two seconds says enough."""

_BAR = 24


class ProgressLine:
    """Writes to ``stream``, which is stderr: the report goes to stdout."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._begun = time.monotonic()
        self._told_at = 0.0
        self._open = False

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(f"{self._clock()}  {text}", file=self._stream, flush=True)

    def show(self, done: int, total: int, note: str) -> None:
        """How far it is."""
        now = time.monotonic()
        text = f"{self._clock()}  {done:>5} of {total}  {note}"
        if self._live:
            filled = _BAR * done // max(1, total)
            self._clear()
            print(f"{text}  {'█' * filled}{'░' * (_BAR - filled)}", end="", file=self._stream, flush=True)
            self._open = True
        elif now - self._told_at >= PLAIN_EVERY_S:
            self._told_at = now
            print(text, file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._open:
            print("\r\x1b[K", end="", file=self._stream)
            self._open = False

    def _clock(self) -> str:
        return f"{time.monotonic() - self._begun:5.1f} s"
