"""What the tests of the command share."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from headrace import Headrace
from headrace.cli.root import root
from headrace.model.ids import new_job_id

SAMPLE = """
from headrace import ByException, Discard, Headrace, Never, current_job

app = Headrace("sqlite:///jobs.db")


@app.task(queue="mail", name="greet")
async def greet(name: str, polite: bool = True) -> str:
    current_job().progress(1, 2, "half")
    current_job().log(f"greeting {name}")
    return f"Hello, {name}!"


@app.task(name="fail", retry=Never())
async def fail() -> None:
    raise ValueError("no luck")


@app.task(name="discard")
async def discard() -> None:
    raise Discard("never to be")


@app.task(name="blocking_greet")
def blocking_greet(name: str) -> str:
    return f"Hello, {name}!"


@app.task(name="show_meta")
async def show_meta() -> dict[str, int | str]:
    return dict(current_job().meta)
"""

TIME_LIMIT_S = 60.0
"""A process of a test that takes longer hangs; it is killed, and the test fails with what it had written."""


class Cli:
    """The command, run in this process."""

    def __init__(self, url: str) -> None:
        self._env = {"HEADRACE_STORE": url}

    def __call__(self, *args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(root, list(args), input=stdin, env=self._env)

    def ok(self, *args: str, stdin: str | None = None) -> str:
        """What it printed, if it ended well."""
        result = self(*args, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *args: str) -> Any:
        """What it printed as JSON, if it ended well."""
        return json.loads(self.ok(*args, "--json"))


class Process:
    """The command in a process of its own."""

    def __init__(self, *args: str, folder: Path, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", *args],
            cwd=folder,
            env={**os.environ, "HEADRACE_STORE": url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._killer = threading.Timer(TIME_LIMIT_S, self.process.kill)
        self._killer.start()

    def wait_for(self, text: str) -> str:
        """The first line on stderr with that text."""
        assert self.process.stderr is not None
        seen = []
        for line in self.process.stderr:
            if text in line:
                return line
            seen.append(line)
        message = f"{text!r} was not told, but: {''.join(seen)}"
        raise AssertionError(message)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and answer the exit code."""
        self.process.send_signal(number)
        self.process.communicate()
        return self.process.returncode

    def end(self) -> None:
        """Kill it, if it still runs."""
        self._killer.cancel()
        self.process.kill()
        self.process.communicate()
        self._killer.join()


Spawn = Callable[..., Process]
"""Starts the command with these words, in the test's folder and on its store."""


def run_jobs(url: str, count: int) -> None:
    """Run ``count`` jobs of the sample's tasks that are in the store, in this process, until they have ended."""
    namespace: dict[str, Any] = {"__name__": "sample"}
    exec(SAMPLE, namespace)
    app: Headrace = namespace["app"]
    app.use_store(url)

    async def main() -> None:
        ended = asyncio.Semaphore(0)
        app.telemetry.attach(lambda name, _: ended.release() if name == "job.finished" else None)
        async with app:
            worker = app.worker(queues=["mail", "default"])
            async with worker:
                for _ in range(count):
                    await asyncio.wait_for(ended.acquire(), TIME_LIMIT_S)

    asyncio.run(main())


def unknown_id() -> str:
    """An id that no store holds."""
    return new_job_id()
