import sqlite3

import pytest

from headrace import Headrace
from tests.cli.support import Cli


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
