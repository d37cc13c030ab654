"""One worker, and one server, after another: each with the source as it is when it starts."""

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
    """Keeps a worker, and with ``server`` a server, and starts both anew after each change until it is told to stop."""

    def __init__(self, words: Sequence[str], changes: Changes | None, *, server: Sequence[str] | None = None) -> None:
        self._words = list(words)
        self._server_words = None if server is None else list(server)
        self._server: subprocess.Popen[bytes] | None = None
        self._changes = changes
        self._stop = threading.Event()
        self._worker: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Until SIGINT or SIGTERM. Without changes to look for, until the worker has ended; then its exit code."""
        before = {number: signal.signal(number, self._told_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._start()
            if self._changes is None:
                code = self._wait()
                self._end()
                return code
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
        self._worker = self._spawn("worker", "run", *self._words, "--grace", GRACE, "-v")
        if self._server_words is not None:
            self._server = self._spawn("server", *self._server_words, "--grace", GRACE)

    def _spawn(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        # A group of its own: Ctrl-C goes to this process, which then lets the worker finish its jobs.
        process = subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", name, *words], stdin=subprocess.DEVNULL, start_new_session=True
        )
        threading.Thread(target=self._tell_end, args=(name, process), daemon=True).start()
        return process

    def _tell_end(self, name: str, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if code not in (0, -signal.SIGTERM, -signal.SIGKILL) and not self._stop.is_set() and self._changes is not None:
            note(f"the {name} has ended with code {code}; waiting for a change")

    def _wait(self) -> int:
        assert self._worker is not None
        code = self._worker.wait()
        return Exit.DONE if self._stop.is_set() else code

    def _end(self) -> None:
        running = [process for process in (self._worker, self._server) if process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

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
