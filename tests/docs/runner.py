"""Runs a page as its reader would: files are saved, Python is run, commands are typed, and what is shown is compared.

=====================  ==============================================================================================
block                  what is done
=====================  ==============================================================================================
``python``             run; blocks of a page share their names; ``await`` may stand at the top
``python``, ``# x.py``  the first line names a file: saved there, and run only by what comes after it
``javascript``         run by node, where it is on this machine
``text output``        compared with what the block before it printed; ``...`` stands for anything
``console``            ``$ command`` is typed into a shell, and the lines below it are compared with what it printed;
                       with nothing below it anything will do. ``&`` at its end leaves a worker running
``console exit=N``     the same, where the last command ends with code N
=====================  ==============================================================================================

Pages write ``localhost:8080`` for a server; each page is given a free port instead, since others may run beside it.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from headrace import Headrace
from tests.docs.pages import Block, blocks_of

TIME_LIMIT_S = 60.0
MODULE = "page"

_SERVER = "localhost:8080"
_ANYTHING = re.compile(r"\s*\.\.\.\s*")


class PageRun:
    """One page, run from its first block to its last in a folder of its own."""

    def __init__(self, folder: Path, names: Mapping[str, object] | None = None) -> None:
        self._folder = folder
        self._module = ModuleType(MODULE)
        self._module.__dict__.update(names or {})
        self._printed = ""
        self._workers: list[subprocess.Popen[str]] = []
        self._exported: dict[str, str] = {}
        self._port = _free_port()

    def run(self, page: Path) -> None:
        if _SERVER in page.read_text("utf-8"):
            self._exported |= {
                "HEADRACE_SERVER_PORT": str(self._port),
                "HEADRACE_URL": f"http://localhost:{self._port}",
            }
        with self._at_home(), asyncio.Runner() as loop:
            try:
                for block in blocks_of(page):
                    self._step(self._at_own_port(block), loop)
            finally:
                self._stop_workers()

    def _at_own_port(self, block: Block) -> Block:
        return replace(block, code=block.code.replace(_SERVER, f"localhost:{self._port}"))

    def run_code(self, code: str, page: Path) -> str:
        """Run one piece of Python; answers what it printed."""
        with self._at_home(), asyncio.Runner() as loop:
            return self._run_python(Block(page=page, line=0, kind="python", code=code), loop)

    def _step(self, block: Block, loop: asyncio.Runner) -> None:
        words = block.kind.split()
        if words[:1] == ["console"]:
            code = next((int(word.partition("=")[2]) for word in words if word.startswith("exit=")), 0)
            self._type_all(block, code)
        elif words == ["text", "output"]:
            _compare(block, block.code, self._printed)
        elif words == ["python"] and block.file is not None:
            path = self._folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, "utf-8")
            sys.modules.pop(path.stem, None)  # one of that name, of an example, must not be taken for it
        elif words == ["javascript"] and shutil.which("node"):
            command = ["node", "--input-type=module", "--eval", block.code]
            self._printed = self._run_program(command, block)
        elif words == ["python"]:
            self._printed = self._run_python(block, loop)

    def _run_program(self, command: list[str], block: Block) -> str:
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment(), capture_output=True, text=True, timeout=TIME_LIMIT_S
        )
        assert done.returncode == 0, f"{block.place}: {done.stderr}"
        return done.stdout

    def _run_python(self, block: Block, loop: asyncio.Runner) -> str:
        # As in python -m asyncio: a block that awaits is a coroutine, and the next goes on where it ended.
        code = compile("\n" * block.line + block.code, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run(_await(code, self._module.__dict__))
            else:
                exec(code, self._module.__dict__)
        return printed.getvalue()

    def _type_all(self, block: Block, code: int) -> None:
        commands = list(_commands(block.code))
        assert commands, f"{block.place}: a console block without a line that begins with '$ '"
        for number, (command, expected) in enumerate(commands, start=1):
            if command.endswith("&"):
                self._start_worker(block, command.removesuffix("&").strip())
            elif command == "kill %1":
                self._stop_workers()
            elif command.startswith("export "):
                name, _, value = command.removeprefix("export ").partition("=")
                self._exported[name] = value
            else:
                printed, ended = self._type(command)
                assert ended == (code if number == len(commands) else 0), f"{block.place}: {command}\n{printed}"
                if expected.strip():
                    _compare(block, expected, printed)

    def _type(self, command: str) -> tuple[str, int]:
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self._folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )
        return done.stdout, done.returncode

    def _start_worker(self, block: Block, command: str) -> None:
        worker = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self._folder,
            env=self._environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        self._workers.append(worker)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_forward, args=(worker, lines), daemon=True).start()
        seen = ""
        while "is ready" not in seen:
            line = lines.get(timeout=TIME_LIMIT_S)
            assert line, f"{block.place}: {command} ended early\n{seen}"
            seen += line

    def _stop_workers(self) -> None:
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self._workers:
            assert worker.wait(TIME_LIMIT_S) == 0
            if worker.stderr is not None:
                worker.stderr.close()
        self._workers.clear()

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shown = {"COLUMNS": "120", "NO_COLOR": "1", "PYTHONPATH": str(self._folder)}
        return {**os.environ, **shown, "PATH": path, **self._exported}

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        before, modules, search = Path.cwd(), dict(sys.modules), list(sys.path)
        os.chdir(self._folder)
        sys.path.insert(0, str(self._folder))
        sys.modules[MODULE] = self._module
        try:
            yield
        finally:
            os.chdir(before)
            sys.path[:] = search
            self._forget_modules(modules)

    def _forget_modules(self, before: Mapping[str, ModuleType]) -> None:
        """Take the page's own modules out again, and end the threads that its apps began: its program is over."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name == MODULE or (file and Path(file).is_relative_to(self._folder)):
                for value in vars(module).values():
                    if isinstance(value, Headrace):
                        value.sync.close()
                del sys.modules[name]
        sys.modules.update({name: module for name, module in before.items() if name not in sys.modules})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


async def _await(code: object, names: dict[str, object]) -> None:
    await eval(code, names)  # type: ignore[arg-type]


def _forward(worker: subprocess.Popen[str], lines: queue.SimpleQueue[str]) -> None:
    assert worker.stderr is not None
    with contextlib.suppress(ValueError):
        for line in worker.stderr:
            lines.put(line)
    lines.put("")


def _commands(code: str) -> Iterator[tuple[str, str]]:
    """Each command with the lines below it. A backslash at the end of a line continues it."""
    command, expected = "", ""
    continued = False
    for line in code.splitlines():
        if line.startswith("$ ") or continued:
            if not continued and command:
                yield command, expected
                command, expected = "", ""
            command += line.removeprefix("$ ") if not continued else " " + line.strip()
            continued = command.endswith("\\")
            command = command.removesuffix("\\").rstrip() if continued else command
        else:
            expected += line + "\n"
    if command:
        yield command, expected


def _compare(block: Block, expected: str, printed: str) -> None:
    """White space counts as one space, and ``...`` as anything, nothing included."""
    pieces = (re.escape(" ".join(piece.split())) for piece in _ANYTHING.split(expected.strip()))
    if not re.fullmatch(".*".join(pieces), " ".join(printed.split())):
        raise AssertionError(f"{block.place}: expected\n{expected}\nbut it printed\n{printed}")
