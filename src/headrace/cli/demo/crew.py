"""The workers of the demo: real processes, one of which is killed in the middle of its work."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from headrace.app import Headrace
from headrace.model.page import PAGE_LIMIT_MAX

SLOTS = 4
"""Parsing holds the interpreter's lock, so more at once would only hold more jobs at the moment of the kill."""

LEASE = "5s"
KILL_TRIES = 400
LOOK_EVERY_S = 0.02
STOP_TIMEOUT_S = 15.0


class Victim(NamedTuple):
    """A worker that was killed, and what it had in its hands."""

    worker: str
    pid: int
    held: list[str]


class Crew:
    """Starts workers, kills one, and ends them all."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def hire(self) -> int:
        """Start a worker; its log goes into the folder. Answers its process id."""
        log = self._folder / f"worker-{len(self._processes) + 1}.log"
        # Old sources hold escapes that the parser warns about, which is not what is shown here.
        command = [sys.executable, "-W", "ignore", "-m", "headrace.cli", "worker", "headrace.cli.demo.tasks:app"]
        settings = ["--store", self._url, "--queue", f"index={SLOTS}", "--queue", "report=1", "--lease", LEASE]
        with log.open("wb") as output:
            process = subprocess.Popen([*command, *settings], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self._processes.append(process)
        return process.pid

    def alive(self) -> bool:
        """True while any worker runs."""
        return any(process.poll() is None for process in self._processes)

    def last_words(self) -> str:
        """The end of the newest log, for the error when no worker is left."""
        log = self._folder / f"worker-{len(self._processes)}.log"
        return log.read_text("utf-8", "replace")[-2000:]

    async def kill_one(self, app: Headrace) -> Victim | None:
        """SIGKILL a worker that has jobs in its hands. None when all ended before one could be caught with any."""
        for _ in range(KILL_TRIES):
            for record in await app.workers():
                process = next((each for each in self._processes if each.pid == record.pid), None)
                if process is None or process.poll() is not None:
                    continue
                held = await self._held_when_frozen(app, process.pid, record.id)
                if held:
                    process.kill()
                    await asyncio.to_thread(process.wait)
                    return Victim(record.id, process.pid, held)
            await asyncio.sleep(LOOK_EVERY_S)
        return None

    async def _held_when_frozen(self, app: Headrace, pid: int, worker: str) -> list[str]:
        """The jobs the worker holds, counted while it is frozen; where it holds none it goes on."""
        if not hasattr(os, "waitid"):
            return await _held(app, worker)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        held = await _held(app, worker)
        if not held:
            os.kill(pid, signal.SIGCONT)
        return held

    def dismiss(self) -> None:
        """Ask all workers to stop, and wait until they have."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _held(app: Headrace, worker: str) -> list[str]:
    running = await app.find(states=["running"], limit=PAGE_LIMIT_MAX)
    return [job.id for job in running.items if job.worker == worker]
