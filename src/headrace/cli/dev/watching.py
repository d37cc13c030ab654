"""Seeing that a file has changed: told by the system with watchfiles, or by looking at times where it is missing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from headrace.cli.output import note

LOOK_EVERY_S = 0.5
SUFFIXES = (".py", ".toml")
SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages"})

Changes = Callable[[threading.Event], Iterator[list[str]]]
"""Yields the changed paths, again and again, until the event is set."""


def changes(folders: Sequence[Path]) -> Changes:
    """A way to see changes below the folders: the best there is here."""
    try:
        import watchfiles
    except ImportError:
        note("watchfiles is not installed, so files are looked at twice a second: pip install 'headrace[watch]'")
        return lambda stop: look_again(folders, stop)

    def told(stop: threading.Event) -> Iterator[list[str]]:
        found = watchfiles.watch(
            *folders,
            watch_filter=lambda change, path: is_source(Path(path)),
            stop_event=stop,
            raise_interrupt=False,
            rust_timeout=500,
        )
        for batch in found:
            yield sorted({path for _, path in batch})

    return told


def is_source(path: Path) -> bool:
    """True for what a worker would import or read: Python and TOML, but no hidden, installed or compiled files."""
    return path.suffix in SUFFIXES and not any(part.startswith(".") or part in SKIPPED for part in path.parts)


def look_again(folders: Sequence[Path], stop: threading.Event, every_s: float = LOOK_EVERY_S) -> Iterator[list[str]]:
    """Look at the times of all files, again and again."""
    before = snapshot(folders)
    while not stop.wait(every_s):
        now = snapshot(folders)
        changed = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
        before = now
        if changed:
            yield changed


def snapshot(folders: Sequence[Path]) -> dict[str, int]:
    """The time of each source file below the folders, in nanoseconds."""
    times: dict[str, int] = {}
    for folder in folders:
        for base, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name not in SKIPPED and not name.startswith(".")]
            for name in names:
                if name.endswith(SUFFIXES) and not name.startswith("."):
                    path = os.path.join(base, name)
                    try:
                        times[path] = os.stat(path).st_mtime_ns
                    except OSError:
                        continue
    return times
