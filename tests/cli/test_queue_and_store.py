from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli


def test_a_paused_queue_tells_why_and_by_whom(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    cli.ok("queue", "pause", "mail", "--reason", "the relay is down")
    paused = cli.json("queue", "list")["items"][0]
    cli.ok("queue", "resume", "mail")
    resumed = cli.json("queue", "list")["items"][0]

    assert paused["paused"]
    assert paused["pause_reason"].startswith("the relay is down (by ")
    assert not resumed["paused"]
    assert resumed["counts"]["queued"] == 1
    assert resumed["oldest_waiting_s"] >= 0


def test_a_misspelt_queue_is_not_paused(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    result = cli("queue", "pause", "mial")

    assert result.exit_code == 3
    assert "'mail'" in result.stderr


def test_plurals_are_accepted(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--queue", "mail")

    assert cli.ok("queues", "list", "-o", "name") == "mail\n"
    assert len(cli.ok("jobs", "list", "-o", "name").split()) == 1
    assert cli.json("workers", "list")["items"] == []


def test_stats_count_what_is_there(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet")

    stats = cli.json("store", "stats")

    assert stats["counts"]["queued"] == 1
    assert stats["facts"]["bytes"] > 0
    assert stats["per_s"]["enqueued"] > 0
    assert "1 queued" in cli.ok("store", "stats")


def test_a_sound_store_passes_and_a_damaged_one_exits_9_with_what_to_do(cli: Cli, url: str) -> None:
    for _ in range(50):
        cli.ok("job", "enqueue", "greet", "--args", '{"text": "%s"}' % ("x" * 2000))
    assert "is sound" in cli.ok("store", "check")
    path = Path(url.removeprefix("sqlite:///"))
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(damaged)

    result = cli("store", "check")

    assert result.exit_code == 9
    assert "recover" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["job", "list"],
        ["queue", "list"],
        ["worker", "list"],
        ["store", "stats"],
        ["store", "check"],
        ["status", "019a0b0c"],
    ],
)
def test_a_store_that_is_not_there_exits_6_and_is_not_made(cli: Cli, folder: Path, command: list[str]) -> None:
    result = cli(*command, "--store", "sqlite:///nowhere.db")

    assert result.exit_code == 6
    assert "nowhere.db" in result.stderr
    assert not (folder / "nowhere.db").exists()


def test_without_a_store_it_says_how_to_give_one(cli: Cli) -> None:
    result = Cli("")("job", "list")

    assert result.exit_code == 2
    assert "HEADRACE_STORE" in result.stderr
    assert "--store sqlite:///" in result.stderr


def test_the_file_in_this_folder_is_the_default(cli: Cli, folder: Path) -> None:
    with Headrace(f"sqlite:///{folder}/headrace.db").sync:
        assert Cli("")("job", "list").exit_code == 0


@pytest.mark.parametrize(
    ("url", "told"), [("memory://", "one process"), ("sqlight:///x.db", "sqlite"), ("x", "sqlite:///")]
)
def test_a_url_that_cannot_be_is_explained(cli: Cli, url: str, told: str) -> None:
    result = cli("job", "list", "--store", url)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_file_that_is_no_database_is_told(cli: Cli, folder: Path) -> None:
    (folder / "text.db").write_text("no database at all, but long enough to be read as a header of one " * 20)

    result = cli("job", "list", "--store", "sqlite:///text.db")

    assert result.exit_code == 9
    assert "text.db" in result.stderr
