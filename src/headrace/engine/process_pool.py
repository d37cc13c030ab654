"""Child processes that run handlers: started when needed, kept, recycled, and killed when a job must stop."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from headrace.engine import child
from headrace.engine.execution import Execution
from headrace.engine.frames import Began, Ended, Run, Told, decode_reply, encode, outcome_of
from headrace.engine.runnable import Runnable
from headrace.engine.threads import ThreadPool
from headrace.engine.verdict import failed
from headrace.errors import HeadraceError, WorkerCrashed
from headrace.model.job import Job
from headrace.model.outcome import Failed, Outcome
from headrace.storage.clock import Clock

START_S_MAX = 60.0
"""What a new interpreter and the imports of the task's module may take on top of a job's timeout."""

_EXIT_S_MAX = 5.0
"""How long a child that was told to end may take, before it is killed."""

# Never fork: a child of a process with threads inherits locks that nobody will open, and connections in use.
_spawning = multiprocessing.get_context("spawn")


class TaskMissing(HeadraceError):
    """Recorded when a child process cannot import the task that its worker knows."""


class _Child:
    """One child process. ``start`` and ``talk`` block: they are called in a thread, one at a time."""

    def __init__(self) -> None:
        self.jobs = 0
        self.resident = 0
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._killed = False

    def talk(self, frame: bytes, told: Callable[[Began | Told], None]) -> Ended:
        """Have a job run. Raises WorkerCrashed when the child dies over it."""
        if self._killed:
            raise WorkerCrashed("the child process was killed before the job began")
        if self._process is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send_bytes(frame)
            while True:
                reply = decode_reply(self._connection.recv_bytes())
                if isinstance(reply, Ended):
                    self.jobs += 1
                    self.resident = reply.resident
                    return reply
                told(reply)
        except (EOFError, OSError) as error:
            raise WorkerCrashed(self._cause()) from error

    def kill(self) -> None:
        """End it now, with every program it started. Safe from any thread, and when it is dead."""
        self._killed = True
        process = self._process
        if process is None or process.pid is None or process.exitcode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # Between its birth and its first steps it has no group of its own, and must not take the parent's down.
            if hasattr(os, "killpg") and os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, ValueError):
            process.kill()

    def end(self) -> None:
        """Let it end by closing its pipe, or kill it when it does not, and wait until it has ended. Blocks."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.join(0 if self._killed else _EXIT_S_MAX)
            if self._process.exitcode is None:
                self.kill()
                self._process.join()
            self._process.close()
        self._process = self._connection = None

    def _start(self) -> None:
        ours, theirs = _spawning.Pipe()
        # A daemon, so that the interpreter's exit ends it should nobody else do so.
        self._process = _spawning.Process(target=child.main, args=(theirs,), name="headrace-child", daemon=True)
        self._connection = ours
        self._process.start()
        # Its end must be open in the child alone, or its death would not end the pipe.
        theirs.close()
        if self._killed:
            self.kill()

    def _cause(self) -> str:
        assert self._process is not None
        self._process.join(_EXIT_S_MAX)
        code = self._process.exitcode
        if code is None:
            return "the child process closed its pipe"
        if code >= 0:
            return f"the child process exited with code {code} while it ran the job"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = ": out of memory, or killed by hand" if name == "SIGKILL" else ""
        return f"the child process was killed by {name}{hint}"


class ProcessPool:
    """Up to ``size`` jobs at once, each in a child process that runs one job at a time."""

    def __init__(
        self, size: int, clock: Clock, *, recycle_jobs: int | None = None, recycle_memory: int | None = None
    ) -> None:
        self._clock = clock
        self._recycle_jobs = recycle_jobs
        self._recycle_memory = recycle_memory
        # The pipe of each child is read by a thread, which may wait in it as long as the job takes.
        self._threads = ThreadPool(size, "headrace-child-io")
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._retiring: set[asyncio.Future[None]] = set()

    @property
    def children(self) -> int:
        """How many child processes there are."""
        return len(self._all)

    async def run(self, run: Execution) -> Outcome:
        """Run a job in a child. When cancelled, the child is killed, and the cancellation goes on once it is dead."""
        runnable = run.runnable
        assert runnable is not None
        loop = asyncio.get_running_loop()
        chosen: list[_Child] = []

        def begin() -> None:
            run.arm(START_S_MAX)
            chosen.append(self._take())

        def call() -> Ended:
            declared = runnable.surroundings
            modules = () if declared is None else tuple(declared.modules)
            frame = Run(reference=runnable.reference, job=run.job, modules=modules, clock_ahead=self._ahead())
            try:
                return chosen[0].talk(encode(frame), told)
            except BaseException:
                chosen[0].kill()
                chosen[0].end()
                raise

        def told(frame: Began | Told) -> None:
            if isinstance(frame, Began):
                loop.call_soon_threadsafe(run.arm)
            else:
                run.context.put_back(frame.progress, frame.logs)

        try:
            ended: Ended = await self._threads.call(call, before=begin, on_cancel=lambda: chosen[0].kill(), wait=True)
        except BaseException as error:
            if chosen:
                self._all.discard(chosen[0])
            if isinstance(error, WorkerCrashed) and run.interruption is None:
                return failed(error, run.job, runnable.retry)
            raise
        self._give_back(chosen[0])
        run.usage = ended.usage
        return outcome_of(ended) or _missing(runnable, run.job, ended)

    async def close(self) -> None:
        """Kill the children that still run a job, and end the others."""
        idle, self._idle = self._idle, []
        for each in self._all:
            if each not in idle:
                each.kill()
        for each in idle:
            self._retire(each)
        if self._retiring:
            await asyncio.wait(list(self._retiring))
        self._threads.close()

    def _take(self) -> _Child:
        if self._idle:
            return self._idle.pop()
        fresh = _Child()
        self._all.add(fresh)
        return fresh

    def _give_back(self, used: _Child) -> None:
        if self._worn(used):
            self._retire(used)
        else:
            self._idle.append(used)

    def _retire(self, worn: _Child) -> None:
        """Let a child end, without anybody waiting for it."""
        self._all.discard(worn)
        ending = asyncio.ensure_future(self._threads.call(worn.end, on_cancel=worn.kill, wait=True))
        self._retiring.add(ending)
        ending.add_done_callback(self._retiring.discard)

    def _worn(self, used: _Child) -> bool:
        return (self._recycle_jobs is not None and used.jobs >= self._recycle_jobs) or (
            self._recycle_memory is not None and used.resident > self._recycle_memory
        )

    def _ahead(self) -> timedelta:
        return self._clock.now() - datetime.now(UTC)


def _missing(runnable: Runnable, job: Job, ended: Ended) -> Failed:
    """The child could not import the task: it fails as the task's policy says, for another build may have it."""
    assert ended.missing is not None
    what = f"{runnable.reference} cannot be imported: {ended.missing.type}: {ended.missing.message}"
    return failed(TaskMissing(what), job, runnable.retry)
