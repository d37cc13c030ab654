"""What the programs share: how they are told what to do, how they tell what happens, and their tasks."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from headrace import Headrace, current_job
from headrace.backends.sqlite import SqliteBackend
from headrace.model.retry import Fixed
from headrace.storage.backend import Backend
from headrace.storage.clock import Clock
from headrace.testing.faults import Fault, FaultyBackend, Script


class Orders(Struct, frozen=True, kw_only=True):
    """What a program is to do: JSON in its first argument.

    die: the verb, the number of its call, and ``before`` or ``after`` its effect, at which the process kills itself.
    tell: telemetry events that are printed.
    """

    url: str
    effects: str = ""
    queue: str = "default"
    slots: int = 4
    lease_s: float = 30.0
    grace_s: float = 10.0
    lag_s: float = 1.0
    count: int = 0
    batch: int = 1
    name: str = ""
    upkeep: bool = True
    step_back_s: float = 0.0
    die: tuple[str, int, str] | None = None
    tell: tuple[str, ...] = ()


def read_orders() -> Orders:
    """The orders of this process."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(relativeCreated)d %(levelname)s %(message)s")
    return msgspec.json.decode(sys.argv[1], type=Orders)


def say(event: str, **fields: Any) -> None:
    """Print an event as one line of JSON, in one write: a process that is killed prints a line or none."""
    line = json.dumps({"event": event, **fields}, default=str) + "\n"
    os.write(1, line.encode())


def make_backend(orders: Orders, clock: Clock | None = None) -> Backend:
    """The store, with the ordered crash around it."""
    backend = SqliteBackend(orders.url, clock=clock)
    if orders.die is None:
        return backend
    verb, number, moment = orders.die
    fault = Fault(before=kill_myself) if moment == "before" else Fault(after=kill_myself)
    return FaultyBackend(backend, Script({(verb, number): fault}))


def kill_myself() -> None:
    """What ``kill -9`` does; nothing of this process runs afterwards."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


class Effects:
    """A file to which every execution adds a line that is on the disk before the handler returns."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666) if path else -1

    def add(self) -> None:
        """Add this execution. One short write to a file opened for appending is not torn by a kill."""
        if self._descriptor >= 0:
            job = current_job()
            os.write(self._descriptor, f"{job.id} {job.attempt} {os.getpid()}\n".encode())
            os.fdatasync(self._descriptor)


def make_app(orders: Orders, backend: Backend | None = None) -> Headrace:
    """The app with every task the acceptance tests use."""
    app = Headrace(backend=backend or make_backend(orders))
    effects = Effects(orders.effects)
    again = Fixed(every=timedelta(0), attempts=50)

    @app.task(name="effect", retry=again)
    async def effect(number: int) -> int:
        await asyncio.sleep(0.002)
        effects.add()
        return number

    @app.task(name="nap", retry=again)
    async def nap(seconds: float) -> None:
        say("nap", job=current_job().id, attempt=current_job().attempt)
        await asyncio.sleep(seconds)
        effects.add()

    @app.task(name="suicide", retry=Fixed(every=timedelta(0), attempts=3))
    async def suicide() -> None:
        kill_myself()

    @app.task(name="block", retry=again)
    async def block_the_loop(seconds: float) -> None:
        effects.add()
        say("block", job=current_job().id)
        time.sleep(seconds)  # noqa: ASYNC251 (that is the point)

    @app.task(name="hold_gil", retry=again)
    async def hold_the_interpreter(seconds: int) -> None:
        effects.add()
        say("block", job=current_job().id)
        # Called through PyDLL, C code keeps the interpreter's lock: no other Python thread runs meanwhile.
        ctypes.PyDLL(None).sleep(seconds)

    @app.task(name="fails_once", retry=Fixed(every=timedelta(seconds=1), attempts=3))
    async def fails_once() -> None:
        effects.add()
        if current_job().attempt == 1:
            raise RuntimeError("the first attempt fails")

    return app
