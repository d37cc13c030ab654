"""One worker after another: each with the source as it is when it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from headrace.cli.dev.watching import Changes
from headrace.cli.faults import Exit
from headrace.cli.output import note

GRACE = "5s"
STOP_S = 30.0
"""The grace, and what a worker may need beyond it; then it is killed, and its jobs run again."""


class Reloader:
    """Keeps a worker process, and starts it anew after each change until it is told to stop."""

    def __init__(self, words: Sequence[str], changes: Changes | None) -> None:
        self._words = list(words)
        self._changes = changes
        self._stop = threading.Event()
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Until SIGINT or SIGTERM. Without changes to look for, until the worker has ended; then its exit code."""
        before = {number: signal.signal(number, self._told_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._start()
            if self._changes is None:
                return self._wait()
            for changed in self._changes(self._stop):
                if self._stop.is_set():
                    break
                note(f"↻ {_names(changed)} changed; starting again")
                self._end()
                self._start()
            self._end()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return Exit.DONE

    def _start(self) -> None:
        # A group of its own: Ctrl-C goes to this process, which then lets the worker finish its jobs.
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", "worker", "run", *self._words, "--grace", GRACE, "-v"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=self._tell_end, args=(self._worker,), daemon=True).start()

    def _tell_end(self, worker: subprocess.Popen[bytes]) -> None:
        code = worker.wait()
        if code not in (0, -signal.SIGTERM, -signal.SIGKILL) and not self._stop.is_set() and self._changes is not None:
            note(f"the worker has ended with code {code}; waiting for a change")

    def _wait(self) -> int:
        assert self._worker is not None
        code = self._worker.wait()
        return Exit.DONE if self._stop.is_set() else code

    def _end(self) -> None:
        worker = self._worker
        if worker is None:
            return
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        again = self._stop.is_set()
        self._stop.set()
        if self._worker is not None and self._worker.poll() is None:
            self._worker.send_signal(signal.SIGTERM)
            if again:
                self._worker.send_signal(signal.SIGINT)


def _names(changed: Sequence[str]) -> str:
    names = [os.path.relpath(path) for path in changed[:3]]
    return ", ".join(names) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
