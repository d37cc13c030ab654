"""A project from a template works from its first minute: its test passes, and its worker runs its jobs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli.init import NEEDS, TEMPLATES, template_files
from tests.cli.support import Cli, Spawn

FIRST_JOB = {
    "hello": ["job", "enqueue", "greet", "--arg", "name=Ada"],
    "web": ["job", "enqueue", "welcome", "--arg", "email=ada@example.com", "--queue", "mail"],
    "fastapi": ["job", "enqueue", "welcome", "--arg", "email=ada@example.com", "--queue", "mail"],
    "django": ["job", "enqueue", "send_receipt", "--arg", "order=1", "--queue", "mail"],
    "etl": ["job", "enqueue", "load_file", "--arg", "path=incoming/january.csv", "--queue", "etl"],
}
BEFORE = {
    "django": [
        ["manage.py", "migrate"],
        ["manage.py", "shell", "-c", "from orders.models import Order; Order.objects.create(item='a', email='b@c.d')"],
    ]
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
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
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
    for script in BEFORE.get(template, []):
        subprocess.run([sys.executable, *script], cwd=project, capture_output=True, check=True)
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


def test_the_name_of_a_template_is_not_taken_for_a_folder(project: Path) -> None:
    refused = Cli("")("init", "fastapi")

    assert (refused.exit_code, "headrace init shop --template fastapi" in refused.stderr) == (2, True)
    assert not list(project.iterdir())
    Cli("").ok("init", "fastapi", "--template", "hello")
    assert (project / "fastapi" / "app.py").exists()


def test_what_a_template_needs_and_is_not_there_is_the_first_thing_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NEEDS, "fastapi", ("fastapi", "not_installed"))

    told = Cli("")("init", "shop", "--template", "fastapi").stderr

    assert "Try\n  pip install not_installed\n  cd shop\n  pytest\n" in told


def test_templates_hold_what_they_promise() -> None:
    for template in TEMPLATES:
        names = template_files(template)
        assert {"app.py", "headrace.toml", "README.md", "pytest.ini"} <= set(names)
        assert any(name.startswith("test_") for name in names)
