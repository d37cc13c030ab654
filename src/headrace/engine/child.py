"""The inside of a child process: waits for a job, runs it, answers, and dies when its parent does."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import threading
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, cast

from headrace.engine.child_home import ChildHome
from headrace.engine.context import JobContext, running_here
from headrace.engine.failures import describe
from headrace.engine.frames import Began, Run, Told, decode_run, encode, ended
from headrace.engine.frames import Ended as EndedFrame
from headrace.engine.runnable import Runnable
from headrace.engine.usage import ChildMeter, resident_bytes
from headrace.engine.verdict import completed, raised, undecodable
from headrace.logs.setup import set_up_as_parent
from headrace.model.outcome import Outcome

TELL_EVERY_S = 0.25
"""How long what a handler tells may wait in the child; the parent stores it about once a second."""


def main(connection: Connection) -> None:
    """Run jobs from ``connection`` until it ends. What ``multiprocessing`` calls in the new process."""
    _detach_from_terminal()
    set_up_as_parent()
    mailbox = _Mailbox(connection)
    threading.Thread(target=mailbox.receive, name="headrace-parent", daemon=True).start()
    outbox = _Outbox(connection)
    home = ChildHome()
    while (letter := mailbox.get()) is not None:
        frame = _run(decode_run(letter), outbox, home)
        mailbox.done()
        outbox.send(encode(frame))
    home.close()


def _detach_from_terminal() -> None:
    """The parent decides when a child ends, so an interrupt from the terminal or an init system is not for it.

    The handlers do nothing, rather than being SIG_IGN: that would be inherited by programs the child starts. The own
    process group lets the parent kill those together with the child.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: None)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


class _Mailbox:
    """What the parent sends. Its end ends the child: in the middle of a job at once, between jobs in good order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._letters: SimpleQueue[bytes | None] = SimpleQueue()
        self._busy = False
        self._lock = threading.Lock()

    def receive(self) -> None:
        """Runs beside the handler, so that the end of the parent is noticed during the longest job."""
        while True:
            try:
                letter = self._connection.recv_bytes()
            except (EOFError, OSError):
                break
            with self._lock:
                self._busy = True
            self._letters.put(letter)
        with self._lock:
            if self._busy:
                os._exit(0)
            self._letters.put(None)

    def get(self) -> bytes | None:
        """The next letter; None when there will be no more."""
        return self._letters.get()

    def done(self) -> None:
        """The job is over. Called before it is told, because the next letter may come with the telling."""
        with self._lock:
            self._busy = False


class _Outbox:
    """Sends frames from whichever thread of the handler has something to tell."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, frame: bytes) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._connection.send_bytes(frame)


class _Teller:
    """Sends what a handler tells, a moment after it began to and at its end."""

    def __init__(self, run: Run, outbox: _Outbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._clock_ahead = run.clock_ahead
        self.job = run.job
        timeout = run.job.timeout
        deadline = None if timeout is None else self._now() + timeout
        self.context = JobContext(run.job, now=self._now, mark=self._mark, deadline=deadline)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._clock_ahead

    def _mark(self) -> None:
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(TELL_EVERY_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            progress, logs = self.context.take()
            if progress is not None or logs:
                self._outbox.send(encode(Told(progress=progress, logs=logs)))


def _run(run: Run, outbox: _Outbox, home: ChildHome) -> EndedFrame:
    try:
        for module in run.modules:
            importlib.import_module(module)
        task = find_task(run.reference)
    except Exception as error:
        return EndedFrame(missing=describe(error), resident=resident_bytes())
    if run.job.timeout is not None:
        outbox.send(encode(Began()))
    teller = _Teller(run, outbox)
    meter = ChildMeter()
    token = running_here.set(teller)
    try:
        outcome = _outcome(run, task, teller, home)
    finally:
        running_here.reset(token)
        teller.flush()
    return ended(outcome, resident_bytes(), meter.read())


def _outcome(run: Run, task: Runnable, teller: _Teller, home: ChildHome) -> Outcome:
    try:
        args, kwargs = task.decode(run.job)
    except Exception as error:
        return undecodable(error, run.job, task.retry)
    try:
        return completed(task, home.run(task, lambda: teller.context, args, kwargs))
    except BaseException as error:
        return raised(error, run.job, task.retry)


def find_task(reference: str) -> Runnable:
    """Import the task that ``module:qualified.name`` names."""
    module, _, path = reference.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return cast(Runnable, found)
