"""A project from a template works from its first minute: its test passes, and its worker runs its jobs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli.init import TEMPLATES, template_files
from tests.cli.support import Cli, Spawn

FIRST_JOB = {
    "hello": ["job", "enqueue", "greet", "--arg", "name=Ada"],
    "web": ["job", "enqueue", "welcome", "--arg", "email=ada@example.com", "--queue", "mail"],
    "etl": ["job", "enqueue", "load_file", "--arg", "path=incoming/january.csv", "--queue", "etl"],
}


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the project, in which commands then run."""
    made = folder / "project"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_passes_its_own_tests(project: Path, template: str) -> None:
    Cli("").ok("init", "--template", template)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-W", "error"],
        cwd=project,
        env={**os.environ, "HEADRACE_STORE": "", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_worker_of_a_template_runs_its_first_job(project: Path, spawn: Spawn, template: str) -> None:
    cli = Cli("")
    cli.ok("init", "--template", template)
    job_id = cli.ok(*FIRST_JOB[template]).strip()

    worker = spawn("worker", "run", folder=project, url="")
    worker.wait_for("is ready")

    assert cli("job", "wait", job_id, "--timeout", "30s").exit_code == 0
    assert worker.stop() == 0


def test_the_first_script_of_etl_enqueues_the_files_that_came_with_it(project: Path) -> None:
    Cli("").ok("init", "--template", "etl")

    done = subprocess.run([sys.executable, "app.py"], cwd=project, capture_output=True, text=True, check=True)

    assert done.stdout == "1 files enqueued\n"


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "app.py").write_text("# mine\n")

    refused = Cli("")("init")

    assert (refused.exit_code, "app.py is there already" in refused.stderr) == (2, True)
    assert (folder / "app.py").read_text() == "# mine\n"
    assert not (folder / "headrace.toml").exists()


def test_templates_hold_what_they_promise() -> None:
    for template in TEMPLATES:
        names = template_files(template)
        assert {"app.py", "headrace.toml", "README.md", "pytest.ini"} <= set(names)
        assert any(name.startswith("test_") for name in names)
