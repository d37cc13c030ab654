import json
import sqlite3
from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli, run_jobs


def checks(answer: dict[str, object]) -> dict[str, str]:
    listed = answer["checks"]
    assert isinstance(listed, list)
    return {check["check"]: check["level"] for check in listed}


def test_a_sound_store_has_no_fault(cli: Cli, app: Headrace) -> None:
    answer = cli.json("doctor")

    assert answer["healthy"]
    assert "fault" not in checks(answer).values()
    assert "checks passed" in cli.ok("doctor").splitlines()[-1]


def test_what_deserves_a_look_is_told_with_the_command_for_it(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")
    cli.ok("queue", "pause", "mail")

    text = cli.ok("doctor")

    assert "mail has 1 queued jobs and no worker" in text
    assert "headrace queue resume mail" in text


def test_the_old_sqlite_of_python_is_a_warning_only(cli: Cli, app: Headrace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.40.1")
    old = cli.json("doctor")
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.51.3")
    new = cli.json("doctor")

    assert (checks(old)["sqlite3"], checks(new)["sqlite3"]) == ("warning", "ok")
    assert old["healthy"]


def test_a_store_that_is_not_there_is_a_fault(cli: Cli) -> None:
    result = cli("doctor", "--store", "sqlite:///nowhere.db")

    assert result.exit_code == 9
    assert "nowhere.db" in result.stdout


def test_without_a_store_the_installation_is_looked_at(cli: Cli) -> None:
    result = Cli("")("doctor")

    assert result.exit_code == 0
    assert "only the installation" in result.stderr


def test_a_job_of_a_task_that_no_worker_knows_is_told(cli: Cli, url: str) -> None:
    cli.ok("job", "enqueue", "fail")
    run_jobs(url, 1)
    cli.ok("job", "enqueue", "fial")

    text = cli.ok("doctor")

    assert "no worker ever knew: fial (1)" in text
    assert "1 in default; 1 of them within the last minutes" in text


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("app = 1\n", "is no Headrace but a int"),
        ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("from headrace import Headrace\napp = Headrace('memory://')\n", "has no tasks"),
    ],
)
def test_an_app_that_cannot_work_is_a_fault(cli: Cli, folder: Path, source: str, told: str) -> None:
    (folder / "broken_app.py").write_text(source)
    cli.ok("config", "set", "app", "broken_app:app")

    result = cli("doctor", "--json")

    assert result.exit_code == 9
    (found,) = [check for check in json.loads(result.stdout)["checks"] if check["check"] == "app"]
    assert (found["level"], told in found["message"]) == ("fault", True), found
