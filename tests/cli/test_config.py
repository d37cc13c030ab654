"""Settings and profiles from the command line."""

import json
import os
from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli, Spawn


@pytest.fixture
def bare(folder: Path) -> Cli:
    """The command with no store in its environment."""
    return Cli("")


def test_a_setting_is_written_read_told_and_taken_out(bare: Cli, folder: Path) -> None:
    bare.ok("config", "set", "worker.lease", "10s")

    assert (folder / "headrace.toml").read_text() == '[worker]\nlease = "10s"\n'
    assert bare.ok("config", "get", "worker.lease") == "10s\n"
    (item,) = bare.json("config", "list", "--changed")["items"]
    assert (item["key"], item["origin"]) == ("worker.lease", "headrace.toml:2")
    assert "headrace.toml:2" in bare.ok("config", "list", "--origin")
    bare.ok("config", "unset", "worker.lease")
    assert bare.ok("config", "get", "worker.lease") == "30s\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["get", "worker.leese"], "did you mean 'worker.lease'?"),
        (["set", "lease", "10s"], "did you mean 'worker.lease'?"),
        (["set", "worker.lease", "soon"], "'soon' is not a duration"),
        (["set", "worker.lease", "2h"], "lease must be between 100 ms and 1 h"),
        (["unset", "worker.leese"], "did you mean 'worker.lease'?"),
        (["set", "store", "x", "--user"], "no profile is in use"),
    ],
)
def test_a_wrong_setting_is_refused(bare: Cli, folder: Path, words: list[str], told: str) -> None:
    result = bare("config", *words)

    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
    assert not (folder / "headrace.toml").exists()


def test_a_broken_configuration_stops_commands_and_can_be_mended(bare: Cli, folder: Path) -> None:
    (folder / "headrace.toml").write_text('[worker]\nleese = "10s"\n')

    stopped = bare("job", "list")
    assert stopped.exit_code == 2
    assert "headrace.toml:2: no setting 'worker.leese'; did you mean 'worker.lease'?" in stopped.stderr
    assert bare("config", "validate").exit_code == 9
    assert bare("doctor").exit_code == 9
    bare.ok("config", "unset", "worker.leese")
    assert bare("config", "validate").exit_code == 0


def test_a_store_that_nothing_serves_is_a_wrong_setting(bare: Cli, folder: Path) -> None:
    (folder / "headrace.toml").write_text('store = "sqlight:///jobs.db"\n')
    refused = bare("config", "validate")
    (folder / "headrace.toml").write_text('store = "sqlite:///jobs.db"\n')

    assert refused.exit_code == 9
    assert "headrace.toml:1: store: url: no backend for 'sqlight://'; did you mean 'sqlite://'?" in refused.stderr
    assert bare("config", "validate").exit_code == 0
    assert not (folder / "jobs.db").exists()


def test_the_configuration_says_how_to_print(bare: Cli, folder: Path) -> None:
    (folder / "headrace.toml").write_text('store = "sqlite:///jobs.db"\n[output]\nformat = "json"\n')
    job_id = json.loads(bare.ok("job", "enqueue", "greet"))["id"]

    assert json.loads(bare.ok("job", "list"))["items"][0]["id"] == job_id
    assert bare.ok("job", "list", "-o", "name") == f"{job_id}\n"
    assert bare.ok("--utc", "job", "list", "-o", "wide").count("Z") >= 2


def test_passwords_are_masked_in_every_view(bare: Cli, folder: Path) -> None:
    bare.ok("profile", "create", "prod", "--store", "postgresql://app:s3cret@db/app")
    bare.ok("profile", "use", "prod")

    for words in (["config", "list", "--origin"], ["config", "get", "store"], ["profile", "list"], ["profile", "show"]):
        for form in ("table", "json", "yaml"):
            text = bare.ok(*words, "-o", form)
            assert "s3cret" not in text
            assert "app:***@db" in text
    assert "s3cret" not in bare("job", "list", "-v").output
    assert "s3cret" not in bare("config", "set", "store", "redis://:s3cret@cache/0").output


def test_a_profile_can_be_made_used_left_and_deleted(bare: Cli, folder: Path) -> None:
    for name in ("prod", "local"):
        bare.ok("profile", "create", name, "--store", f"sqlite:///{name}.db", "--set", "output.format=wide")
        bare.ok("profile", "use", name)

    assert bare.ok("profile", "use", "-") == "prod\n"
    assert bare.json("profile", "show")["settings"]["store"] == "sqlite:///prod.db"
    assert [row["in_use"] for row in bare.json("profile", "list")["items"]] == [True, False]
    assert bare.ok("config", "get", "store", "--profile", "local") == "sqlite:///local.db\n"
    bare.ok("config", "set", "--user", "worker.lease", "7s")
    assert bare.ok("config", "get", "worker.lease") == "7s\n"
    assert bare("profile", "delete", "local").exit_code == 4
    bare.ok("profile", "delete", "local", "--yes")
    assert bare("profile", "show", "lcal").exit_code == 2


@pytest.fixture
def guarded(bare: Cli, folder: Path) -> Cli:
    """A protected profile in use, whose store has a queue."""
    with Headrace(f"sqlite:///{folder}/prod.db").sync:
        pass
    url = f"sqlite:///{folder}/prod.db"
    bare.ok("profile", "create", "prod", "--store", url, "--protected")
    bare.ok("profile", "use", "prod")
    return bare


def test_a_protected_profile_is_not_changed_without_a_yes(guarded: Cli) -> None:
    refused = guarded("job", "enqueue", "greet")

    assert refused.exit_code == 4
    assert "protected" in refused.stderr
    assert guarded.json("job", "list")["items"] == []
    guarded.ok("job", "enqueue", "greet", "--yes")
    assert len(guarded.json("job", "list")["items"]) == 1


def test_a_read_only_profile_is_not_changed_at_all(guarded: Cli, folder: Path) -> None:
    guarded.ok("profile", "create", "look", "--store", f"sqlite:///{folder}/prod.db", "--read-only")

    assert guarded("job", "enqueue", "greet", "--profile", "look", "--yes").exit_code == 4
    assert guarded("worker", "sample:app", "--profile", "look").exit_code == 4
    assert guarded.json("job", "list", "--profile", "look")["items"] == []


def test_another_store_than_the_profiles_is_not_guarded(guarded: Cli) -> None:
    guarded.ok("job", "enqueue", "greet", "--store", "sqlite:///other.db")


def test_a_worker_takes_app_store_queues_and_times_from_the_configuration(folder: Path, spawn: Spawn) -> None:
    (folder / "headrace.toml").write_text(
        'app = "sample:app"\nstore = "sqlite:///other.db"\n[worker]\nqueues = { mail = 3 }\n[log]\nformat = "json"\n'
    )
    os.environ.pop("HEADRACE_STORE", None)

    worker = spawn("worker", "run")
    line = json.loads(worker.wait_for("is ready"))

    assert "queues mail=3" in line["message"]
    assert worker.stop() == 0


def test_settings_that_hold_are_told_when_asked(bare: Cli, folder: Path) -> None:
    (folder / "headrace.toml").write_text('store = "sqlite:///jobs.db"\n')

    assert "store = sqlite:///jobs.db   (headrace.toml:1)" in bare("job", "list", "-v").stderr
