"""Whether a worker's process lives, told by the kernel.

A worker holds a lock on a file of its own; the kernel lets go of it the moment the process is gone, however it ended.
So a dead worker's jobs come back at once rather than when their lease ends, and the jobs of a worker that cannot send
heartbeats because something holds the interpreter's lock are not run twice.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Iterable
from contextlib import suppress

from headrace.backends.sqlite.folder import Folder

try:
    import fcntl
except ImportError:  # Windows: no vouching there; leases alone decide
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".alive"

LITTER_KEPT_S = 24 * 3600.0
"""The file of a dead worker is evidence for as long as it may hold jobs; a day later it is litter."""


class Liveness:
    """The lock files in the folder: ours are held, others' are tried."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._held: dict[str, int] = {}
        _all.add(self)

    def forget_after_fork(self) -> None:
        """In a forked child: close what it inherited. The parent's locks would live as long as any child of its."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()

    def vouch(self, worker: str) -> None:
        """Hold the worker's lock until ``disown``, ``close`` or the end of the process."""
        if fcntl is None or worker in self._held:
            return
        with suppress(OSError):
            self._folder.open()
            descriptor = os.open(self._folder.path / f"{worker}{_SUFFIX}", os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held[worker] = descriptor
            self._sweep()

    def _sweep(self) -> None:
        """Remove what workers left behind that were killed while they held no job, so that nobody judged them."""
        long_ago = time.time() - LITTER_KEPT_S
        for name in self._folder.names():
            worker = name.removesuffix(_SUFFIX)
            if worker != name and self._folder.made_before(name, long_ago) and self._lives(worker) is False:
                self._folder.remove(name)

    def disown(self, worker: str) -> None:
        """Let go of the worker's lock."""
        descriptor = self._held.pop(worker, None)
        if descriptor is not None:
            self._folder.remove(f"{worker}{_SUFFIX}")
            os.close(descriptor)

    def close(self) -> None:
        """Let go of all."""
        for worker in list(self._held):
            self.disown(worker)

    def judge(self, workers: Iterable[str]) -> tuple[set[str], set[str]]:
        """Which of these workers live, and which are dead; those that never vouched are in neither set."""
        alive: set[str] = set()
        dead: set[str] = set()
        for worker in workers:
            lives = worker in self._held or self._lives(worker)
            if lives is not None:
                (alive if lives else dead).add(worker)
        return alive, dead

    def bury(self, workers: Iterable[str]) -> None:
        """Remove the lock files of dead workers, once none of their jobs is left."""
        for worker in workers:
            self._folder.remove(f"{worker}{_SUFFIX}")

    def _lives(self, worker: str) -> bool | None:
        if fcntl is None:
            return None
        try:
            descriptor = os.open(self._folder.path / f"{worker}{_SUFFIX}", os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False


_all: weakref.WeakSet[Liveness] = weakref.WeakSet()


def _forget_all_after_fork() -> None:
    for liveness in list(_all):
        liveness.forget_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all_after_fork)
