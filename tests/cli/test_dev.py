"""``headrace dev``: what is saved is what runs."""

import socket
import threading
from pathlib import Path

import httpx2
import pytest

from headrace.cli.dev.watching import changes, is_source, look_again, snapshot
from tests.cli.support import SAMPLE, Cli, Spawn


def test_a_change_starts_the_worker_again_with_the_new_code(folder: Path, spawn: Spawn, cli: Cli) -> None:
    dev = spawn("dev", "sample:app", "--no-server")
    dev.wait_for("is ready")

    (folder / "sample.py").write_text(SAMPLE.replace('return f"Hello', 'return f"Welcome'))
    assert "sample.py changed" in dev.wait_for("starting again")
    dev.wait_for("is ready")
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    assert cli("job", "wait", job_id, "--timeout", "30s").exit_code == 0

    assert cli.json("job", "get", job_id)["result"] == "Welcome, Ada!"
    assert job_id in dev.wait_for("greet")
    assert dev.stop() == 0


def test_a_file_that_does_not_import_is_told_and_the_next_change_tried(folder: Path, spawn: Spawn) -> None:
    (folder / "sample.py").write_text("from headrace import Headrace\napp = Headrace(\n")
    dev = spawn("dev", "sample:app", "--no-server")
    dev.wait_for("SyntaxError")
    assert "sample.py:2" in dev.wait_for("  = at")
    dev.wait_for("waiting for a change")

    (folder / "sample.py").write_text(SAMPLE)
    dev.wait_for("is ready")

    assert dev.stop() == 0


def test_without_an_app_it_says_how_to_name_one(folder: Path) -> None:
    result = Cli("")("dev")

    assert (result.exit_code, "headrace config set app" in result.stderr) == (2, True)


def test_looking_again_sees_changed_new_and_deleted_files(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([{"a.py": 1, "b.py": 1}, {"a.py": 1, "b.py": 1}, {"a.py": 2, "c.py": 1}])
    monkeypatch.setattr("headrace.cli.dev.watching.snapshot", lambda folders: next(looks))

    assert next(look_again([], threading.Event(), every_s=0.0)) == ["a.py", "b.py", "c.py"]


def test_a_snapshot_holds_source_only(folder: Path) -> None:
    (folder / "notes.txt").write_text("not source")
    (folder / ".hidden.py").write_text("1")
    (folder / "venv").mkdir()
    (folder / "venv" / "installed.py").write_text("1")

    assert list(snapshot([folder])) == [str(folder / "sample.py")]


def test_without_watchfiles_it_looks_again_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "watchfiles", None)
    stop = threading.Event()
    stop.set()

    assert list(changes([folder])(stop)) == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("app.py", True), ("a/headrace.toml", True), ("a/.git/x.py", False), ("venv/x.py", False), ("jobs.db", False)],
)
def test_only_source_counts(path: str, wanted: bool) -> None:
    assert is_source(Path(path)) is wanted


def test_a_server_runs_beside_the_worker(folder: Path, spawn: Spawn, cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    dev = spawn("dev", "sample:app", "--port", str(port))
    dev.wait_for("the server is ready")
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        job = client.post("/v1/jobs", json={"task": "greet", "args": ["Ada"]}).json()
        answer = client.get(f"/v1/jobs/{job['id']}/result", params={"wait": "30s"}).json()

    assert answer["result"] == "Hello, Ada!"
    assert dev.stop() == 0
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/health/live")
