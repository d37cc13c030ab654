"""Handlers that child processes import: the tasks are named after the functions, with ``_task`` at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

from tests.unit.engine.support import ONCE_MORE, FakeTask

from headrace.engine.context import current_job
from headrace.engine.runnable import ExecutorKind
from headrace.model.control import Snooze
from headrace.model.durations import hours


def pid() -> int:
    return os.getpid()


async def double(n: int) -> int:
    await asyncio.sleep(0)
    return 2 * n


def fail(text: str) -> None:
    raise ValueError(text)


def use(mebibytes: int, seconds: float) -> int:
    """Hold memory, and keep a processor busy."""
    held = b"x" * (mebibytes << 20)
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass
    return len(held)


def snooze() -> None:
    raise Snooze(hours(1))


def exit_hard(code: int) -> None:
    os._exit(code)


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)


def ignore_terminate() -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


def hang(path: str) -> None:
    """Say where it is, in a file, and never end; it holds on to a program of its own too."""
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(path, "w") as file:
        file.write(f"{os.getpid()} {program.pid}\n")
    while True:
        time.sleep(60)


def tell() -> None:
    current_job().log("from the child")
    current_job().progress(1, 2, "half")


def _process(function: object, **options: object) -> FakeTask:
    return FakeTask(function, executor=ExecutorKind.PROCESS, **options)  # type: ignore[arg-type]


pid_task = _process(pid)
double_task = _process(double)
fail_task = _process(fail)
snooze_task = _process(snooze)
exit_hard_task = _process(exit_hard)
kill_itself_task = _process(kill_itself)
ignore_terminate_task = _process(ignore_terminate)
hang_task = _process(hang, retry=ONCE_MORE)
tell_task = _process(tell)
use_task = _process(use)
