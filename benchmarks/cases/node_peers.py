"""Peers written in Node: installed once by npm into ``build/bench-node``, each run as a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks.cases.postgres_common import MeasuredServer, served

SCRIPTS = Path(__file__).parents[1] / "node"
INSTALLED = Path("build") / "bench-node"
NPM = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")


def measure_in_node(script: str, scale: float) -> dict[str, float]:
    """The figures of one peer."""
    folder = _install()
    with served() as server:
        return _run(folder, script, server, int(20_000 * scale))


def _run(folder: Path, script: str, server: MeasuredServer, jobs: int) -> dict[str, float]:
    # Not the Node of the machine, which may be older than the peers want: the one that was installed with them.
    command = [str(folder / "node_modules" / ".bin" / "node"), str(folder / script), server.url(), str(jobs)]
    server_cpu: list[float] = []
    figures: dict[str, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        for line in node.stdout:
            said = json.loads(line)
            if "mark" in said:
                server_cpu.append(server.cpu_s())
            figures |= said.get("figures", {})
    if node.returncode or not figures:
        raise RuntimeError(f"{script} ended with {node.returncode}")
    begun, ended = server_cpu
    return figures | {"server CPU, us/job": (ended - begun) / jobs * 1e6}


def _install() -> Path:
    INSTALLED.mkdir(parents=True, exist_ok=True)
    folder = INSTALLED.resolve()
    wanted, there = SCRIPTS / "package.json", folder / "package.json"
    if not there.exists() or there.read_bytes() != wanted.read_bytes():
        shutil.rmtree(folder)
        folder.mkdir()
        with (folder / "log").open("wb") as log:
            shutil.copy(wanted, there)
            if subprocess.run(NPM, cwd=folder, stdout=log, stderr=log, check=False).returncode:
                there.unlink()
                raise RuntimeError(f"npm could not install the peers: {(folder / 'log').read_text()}")
    # Beside node_modules, where Node looks for what they import.
    for script in SCRIPTS.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder
