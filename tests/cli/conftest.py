"""A store in a file, an app beside it, and the command: in this process, or in one of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace import Headrace
from tests.cli.support import SAMPLE, Cli, Process, Spawn


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with ``sample.py``, an app; what the command imports from it is forgotten afterwards."""
    (tmp_path / "sample.py").write_text(SAMPLE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADRACE_STORE", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):  # the tester's own settings stay out
        monkeypatch.setenv(name, str(tmp_path / ".xdg" / name.lower()))
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder}/jobs.db"


@pytest.fixture
def cli(url: str) -> Cli:
    """``cli("job", "list")``, with HEADRACE_STORE naming the file."""
    return Cli(url)


@pytest.fixture
def app(url: str) -> Iterator[Headrace]:
    """The same store from inside, opened, so that the file is there."""
    app = Headrace(url)
    with app.sync:
        yield app


@pytest.fixture
def spawn(folder: Path, url: str) -> Iterator[Spawn]:
    """``spawn("worker", "sample:app")``; what still runs at the end is killed."""
    started: list[Process] = []

    def start(*args: str, **place: Any) -> Process:
        started.append(Process(*args, **{"folder": folder, "url": url, **place}))
        return started[-1]

    yield start
    for process in started:
        process.end()
