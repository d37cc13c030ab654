"""Real processes for tests: started, listened to, killed, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from headrace.backends.sqlite import SqliteBackend
from headrace.model.ids import JobId
from headrace.model.job import FINAL_STATES, Attempt, Job

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
"""What should happen within a second or two is given this long on a busy machine before the test is red."""

Event = dict[str, Any]


class Program:
    """A running ``tests.acceptance.programs`` module: its events as they come, and its end."""

    def __init__(self, name: str, folder: Path, command: Sequence[str], orders: Event) -> None:
        self.name = name
        self.orders = orders
        self._errors = folder / f"{name}.stderr"
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*command, json.dumps(orders)], stdout=subprocess.PIPE, stderr=errors, cwd=ROOT
            )
        self.events: list[Event] = []
        self._news = threading.Condition()
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """False once the process has ended."""
        return self.process.poll() is None

    def saw(self, event: str, **fields: Any) -> list[Event]:
        """The events of this name, with these fields, so far."""
        return [each for each in list(self.events) if each["event"] == event and fields.items() <= each.items()]

    def wait_for(self, event: str, *, count: int = 1, timeout: float = PATIENCE_S, **fields: Any) -> Event:
        """Wait until the event has come ``count`` times; the last of them."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.saw(event, **fields)) >= count or self._closed, timeout):
                raise AssertionError(f"{self.name} did not say {event!r} in {timeout} s\n{self.told()}")
        seen = self.saw(event, **fields)
        assert len(seen) >= count, f"{self.name} ended without saying {event!r}\n{self.told()}"
        return seen[count - 1]

    def kill(self) -> None:
        """``kill -9``, and everything it said before."""
        self.process.kill()
        self.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Wait for the end; the exit code, negative for a signal."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended in {timeout} s\n{self.told()}") from None
        self._reader.join(timeout)
        return code

    def errors(self) -> str:
        """What it wrote to its standard error."""
        return self._errors.read_text("utf-8", "replace")

    def told(self) -> str:
        """The end of what it said, for the message of a red test."""
        return f"events: {self.events[-10:]}\nstderr:\n{self.errors()[-3000:]}"

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._news:
                    self.events.append(json.loads(line))
                    self._news.notify_all()
        with self._news:
            self._closed = True
            self._news.notify_all()


class Programs:
    """Starts programs, and ends those that still run: no others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'jobs.db'}"
        self.effects = folder / "effects.log"
        self.started: list[Program] = []

    def start(self, module: str, *, prefix: Sequence[str] = (), **orders: Any) -> Program:
        """Start ``tests.acceptance.programs.MODULE``; ``prefix`` is a command that runs it."""
        orders = {"url": self.url, "effects": str(self.effects), **orders}
        name = f"{module}-{len(self.started)}"
        command = [*prefix, sys.executable, "-m", f"tests.acceptance.programs.{module}"]
        program = Program(name, self.folder, command, orders)
        self.started.append(program)
        return program

    def worker(self, **orders: Any) -> Program:
        """Start a worker and wait until it works."""
        program = self.start("worker", **orders)
        program.wait_for("ready")
        return program

    def close(self) -> None:
        """Kill what still runs."""
        for program in self.started:
            if program.running:
                program.process.kill()
        for program in self.started:
            program.wait()

    def executions(self) -> Counter[tuple[str, int]]:
        """How often each attempt of each job left its line in the effect log."""
        if not self.effects.exists():
            return Counter()
        lines = self.effects.read_text().splitlines()
        return Counter((line.split()[0], int(line.split()[1])) for line in lines)


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqliteBackend]:
    """A look at the store from this process."""
    backend = SqliteBackend(url)
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close()


async def wait_until_all_ended(backend: SqliteBackend, timeout: float) -> None:
    """Wait, from one sign of the store to the next, until no job is left to run."""
    async with asyncio.timeout(timeout), backend.signals.subscribe({"done"}) as topics:
        while any(count.state not in FINAL_STATES for count in await backend.reader.counts()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await anext(topics)


async def read_jobs(backend: SqliteBackend, ids: Sequence[str]) -> list[Job]:
    """The jobs, all of which must be there."""
    jobs: list[Job] = []
    for start in range(0, len(ids), 500):
        chunk = [JobId(each) for each in ids[start : start + 500]]
        for job_id, job in zip(chunk, await backend.reader.get_many(chunk), strict=True):
            assert job is not None, f"job {job_id} was acknowledged and is lost"
            jobs.append(job)
    return jobs


async def read_attempts(backend: SqliteBackend, jobs: Sequence[Job]) -> dict[JobId, list[Attempt]]:
    """The ended attempts of each job."""
    return {job.id: await backend.reader.attempts(job.id) for job in jobs}


def wait_until(true: Callable[[], Any], what: str, timeout: float = PATIENCE_S) -> None:
    """Look again and again, for what tells nobody that it happened."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        threading.Event().wait(0.02)


def acknowledged(programs: Sequence[Program]) -> list[str]:
    """Every id that an enqueuer said was acknowledged."""
    return [job_id for program in programs for event in program.saw("acknowledged") for job_id in event["ids"]]


def born(programs: Sequence[Program]) -> Iterator[str]:
    """The ids of the workers of these programs."""
    for program in programs:
        yield from (event["worker"] for event in program.saw("born"))
