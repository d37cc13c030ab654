"""An app that is written down once: every command that needs one, or its store, finds it."""

from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli, Spawn, run_jobs


@pytest.fixture
def bare(folder: Path) -> Cli:
    """The command in a folder whose project file names the app, and nothing that names a store."""
    (folder / "headrace.toml").write_text('app = "sample:app"\n')
    return Cli("")


def test_a_worker_without_a_word_runs_it(bare: Cli, folder: Path, spawn: Spawn) -> None:
    worker = spawn("worker", url="")

    assert "store sqlite:///jobs.db" in worker.wait_for("is ready")
    assert worker.stop() == 0


def test_without_it_that_is_a_question_for_help(folder: Path) -> None:
    result = Cli("")("worker")

    assert result.exit_code == 2
    assert "Usage: headrace worker" in result.output


def test_its_jobs_are_found_where_it_has_them(bare: Cli, folder: Path, url: str) -> None:
    job_id = bare.ok("job", "enqueue", "greet", "--arg", "name=Ada").strip()
    run_jobs(url, 1)

    assert (folder / "jobs.db").exists()
    assert bare.json("job", "get", job_id)["state"] == "succeeded"
    assert '"Hello, Ada!"' in bare.ok("job", "debug", job_id, "--no-pdb")
    assert bare.ok("task", "check") == ""
    assert bare.json("task", "migrate", "--dry-run")["app"] == "sample:app"
    assert bare.json("doctor")["healthy"]


def test_a_store_that_is_named_goes_before_the_apps_own(bare: Cli, folder: Path) -> None:
    elsewhere = Cli(f"sqlite:///{folder}/elsewhere.db")
    elsewhere.ok("job", "enqueue", "greet", "--arg", "nam=Ada")

    result = elsewhere("task", "check", "--json")

    assert result.exit_code == 9
    assert "greet" in result.stdout
    assert not (folder / "jobs.db").exists()


def test_an_app_that_lives_in_memory_has_no_store_for_commands(bare: Cli, folder: Path) -> None:
    (folder / "passing.py").write_text('from headrace import Headrace\n\napp = Headrace("memory://")\n')
    (folder / "headrace.toml").write_text('app = "passing:app"\n')

    result = bare("job", "list")

    assert result.exit_code == 2
    assert "no store is given" in result.stderr


def test_one_that_cannot_be_imported_is_a_finding_of_the_doctor(bare: Cli, folder: Path) -> None:
    (folder / "headrace.toml").write_text('app = "smaple:app"\n')

    assert "did you mean 'sample'" in bare("job", "list").stderr
    result = bare("doctor")
    assert result.exit_code == 9
    assert "no module named 'smaple'; did you mean 'sample'?" in result.stdout


def test_below_the_projects_folder_it_is_found_too(
    bare: Cli, folder: Path, url: str, app: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "reports").mkdir()
    monkeypatch.chdir(folder / "reports")

    assert Cli(url)("task", "check").exit_code == 0
    assert bare.json("doctor")["healthy"]


@pytest.mark.parametrize("says", ['app = "sample:app"', 'store = "sqlite:///jobs.db"'])
def test_a_store_beside_the_projects_file_is_meant_from_there(
    says: str, bare: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "headrace.toml").write_text(f"{says}\n")
    (folder / "reports").mkdir()
    monkeypatch.chdir(folder / "reports")

    job_id = bare.ok("job", "enqueue", "greet", "--arg", "name=Ada").strip()

    assert (folder / "jobs.db").exists()
    assert not list((folder / "reports").iterdir())
    monkeypatch.chdir(folder)
    assert bare.json("job", "get", job_id)["state"] == "queued"


def test_a_file_that_is_named_is_read_in_place_of_the_nearest(bare: Cli, folder: Path, url: str, app: Headrace) -> None:
    (folder / "other.toml").write_text(f'store = "{url}"\n')

    assert bare.ok("--config", "other.toml", "config", "get", "store") == f"{url}\n"
    assert bare.ok("job", "list", "--config", "other.toml", "--format", "json").startswith("{")
    missing = bare("--config", "nowhere.toml", "job", "list")
    assert (missing.exit_code, "'nowhere.toml'" in missing.stderr) == (2, True)
