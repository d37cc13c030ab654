"""Real workers of your app, each a process: started on a store of their own, listened to, and killed.

What a harness in memory cannot show, these do: what is left after ``kill -9``, and whether a worker can import your app
at all. SQLite alone: the processes and the test share a file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from headrace.app.backends import make_backend
from headrace.errors import UsageError
from headrace.testing.spy import PATIENCE, Seen
from headrace.testing.targets import find_app
from headrace.testing.worker_program import Orders

LEASE = timedelta(seconds=1)
"""Short, so that a killed worker's jobs run again within two seconds of a test."""

SHOWN_MAX = 20


class WorkerProcess:
    """A running worker: what it tells, event by event, and its end. Every wait here blocks, for ten seconds at most."""

    def __init__(self, orders: Orders, log: Path) -> None:
        self._log = log
        self._events: list[Seen] = []
        self._news = threading.Condition()
        self._closed = False
        # What is importable here is importable there: pytest adds folders that a new interpreter knows nothing of.
        search = os.pathsep.join(each for each in sys.path if each)
        command = [sys.executable, "-m", "headrace.testing.worker_program", msgspec.json.encode(orders).decode()]
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, env={**os.environ, "PYTHONPATH": search}
            )
        self._reader = threading.Thread(target=self._read, name=f"reads worker {self.process.pid}", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self.process.poll() is None

    def seen(self, name: str, **attributes: Any) -> list[Seen]:
        """The events so far of this name and with these attributes, which are what JSON makes of them."""
        with self._news:
            events = list(self._events)
        return [each for each in events if each.name == name and attributes.items() <= each.attributes.items()]

    def wait_for(self, name: str, *, count: int = 1, timeout: timedelta = PATIENCE, **attributes: Any) -> Seen:
        """Wait until the event has come ``count`` times; answers the last. Raises AssertionError that tells what came.

        ``ready`` is the event that the worker has started.
        """
        with self._news:
            self._news.wait_for(
                lambda: len(self.seen(name, **attributes)) >= count or self._closed, timeout.total_seconds()
            )
        found = self.seen(name, **attributes)
        if len(found) < count:
            raise AssertionError(f"the worker did not tell {name} {attributes or ''} {count} times\n{self.told()}")
        return found[count - 1]

    def kill(self) -> None:
        """``kill -9``: nothing of the worker runs afterwards. Waits until it is gone."""
        self.process.kill()
        self.wait()

    def stop(self) -> int:
        """SIGTERM, as a deploy does, and wait for the end; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout: timedelta = PATIENCE) -> int:
        """Wait until the process has ended; the exit code, negative for a signal."""
        try:
            code = self.process.wait(timeout.total_seconds())
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker has not ended in {timeout}\n{self.told()}") from None
        self._reader.join(timeout.total_seconds())
        return code

    def told(self) -> str:
        """The end of what it said, for messages."""
        events = "\n".join(f"  {each}" for each in self._events[-SHOWN_MAX:])
        return f"events:\n{events}\nstderr:\n{self._log.read_text('utf-8', 'replace')[-3000:]}"

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._news:
                    self._events.append(Seen(**json.loads(line)))
                    self._news.notify_all()
        with self._news:
            self._closed = True
            self._news.notify_all()


class WorkerProcesses:
    """The app ``target`` on a new SQLite file in ``folder``, here and in the workers that ``start`` starts.

    Within the block the app itself lives on that file, so the test opens it and enqueues as your program does; at the
    end the workers that still run are killed, and the app lives where it lived before.
    """

    def __init__(self, target: str, folder: Path) -> None:
        self.app = find_app(target)
        self.url = f"sqlite:///{folder / 'jobs.db'}"
        self._target = target
        self._folder = folder
        self._started: list[WorkerProcess] = []
        self._stack = ExitStack()

    def start(
        self,
        queues: Mapping[str, int] | None = None,
        *,
        lease: timedelta = LEASE,
        die_at: str | None = None,
        ready: bool = True,
    ) -> WorkerProcess:
        """Start a worker, by default for every queue that the app's tasks name, and wait until it is ``ready``.

        ``die_at`` names an event at which it kills itself as ``kill -9`` does: at ``job.started`` it has the job and
        the handler has not begun; at ``job.finished`` the handler has ended and nothing of that is stored.
        """
        if queues is None:
            queues = dict.fromkeys([str(task.defaults.get("queue", "default")) for task in self.app.tasks.values()], 4)
        if not queues:
            message = f"the app {self._target} has no tasks, so a worker has no queue to work on: import their modules"
            raise UsageError(message)
        orders = Orders(target=self._target, url=self.url, queues=queues, lease=lease, die_at=die_at)
        worker = WorkerProcess(orders, self._folder / f"worker-{len(self._started)}.log")
        self._started.append(worker)
        if ready:
            worker.wait_for("ready", timeout=3 * PATIENCE)
        return worker

    def __enter__(self) -> Self:
        self._stack.enter_context(self.app.moved_to(make_backend(self.url)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._started:
            if worker.running:
                worker.process.kill()
        for worker in self._started:
            worker.wait()
        self._stack.close()
