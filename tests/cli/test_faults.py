"""Errors: what happened, where, why, and what to do next."""

from pathlib import Path

import pytest

from headrace import Headrace
from headrace.cli.faults import usage
from headrace.cli.pointing import point_at
from headrace.cli.secrets import masked
from tests.cli.support import Cli


def test_the_wrong_word_is_underlined_with_the_near_one_beside_it(cli: Cli, app: Headrace) -> None:
    lines = cli("job", "list", "state:ded").stderr.splitlines()

    assert lines[:3] == [
        "error[HR-E0220]: no state 'ded'",
        "  │ headrace job list state:ded",
        "  │                         ^^^ did you mean 'dead'?",
    ]


@pytest.mark.parametrize(
    ("typed", "tries"),
    [("enqueue", ["headrace job enqueue"]), ("pause", ["headrace queue pause", "headrace schedule pause"])],
)
def test_a_verb_without_its_noun_is_told_with_it(cli: Cli, typed: str, tries: list[str]) -> None:
    told = cli(typed, "greet").stderr

    assert f"no such command: headrace {typed}" in told
    assert "did you mean" not in told
    assert all(each in told for each in tries)


def test_what_is_no_number_is_told_in_plain_words(cli: Cli, app: Headrace) -> None:
    assert "invalid value for '--limit': 'x' is no whole number" in cli("job", "list", "--limit", "x").stderr


def test_a_word_that_was_not_typed_is_not_underlined() -> None:
    assert usage("no", word="elsewhere").text(["job"]) == "error[HR-E0201]: no"
    assert point_at("a", ["x" * 200, "a"]) is None
    assert point_at("li", ["job", "list"]) == ("headrace job list", "             ^^")
    assert point_at("st", ["job", "list"]) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@cache/0", "redis://:***@cache/0"),
        ("can't reach postgresql://app:s3cret@db:5432/app now", "can't reach postgresql://app:***@db:5432/app now"),
        ("nats://host?token=abc&tls=1", "nats://host?token=***&tls=1"),
        ("sqlite:///jobs.db?driver=sqlite3", "sqlite:///jobs.db?driver=sqlite3"),
    ],
)
def test_passwords_are_not_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_password_on_the_command_line_does_not_come_back_in_the_error(cli: Cli) -> None:
    result = cli("job", "lsit", "--store", "postgresql://app:s3cret@db/app")

    assert result.exit_code == 2
    assert "s3cret" not in result.output


def test_an_unexpected_error_leaves_a_report_and_no_traceback(
    cli: Cli, app: Headrace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: object, **filters: object) -> None:
        raise RuntimeError("postgresql://app:s3cret@db/app went away")

    monkeypatch.setattr(Headrace, "find", broken)

    result = cli("job", "list")

    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    (report,) = folder.rglob("crash-*.txt")
    assert str(report) in result.stderr
    text = report.read_text()
    assert "headrace job list" in text
    assert "RuntimeError" in text
    assert "s3cret" not in text + result.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [(["--arg", "pin=s3cret"], "--arg 'pin=***'"), (['--args={"pin": "s3cret"}'], "'--args=***'")],
)
def test_a_report_tells_neither_arguments_nor_credentials(
    cli: Cli, app: Headrace, folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], shown: str
) -> None:
    async def broken(*args: object, **options: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr(Headrace, "enqueue", broken)

    assert cli("--token", "s3cret", "job", "enqueue", "greet", *words).exit_code == 1

    (report,) = folder.rglob("crash-*.txt")
    assert f"headrace --token '***' job enqueue greet {shown}" in report.read_text()
    assert "s3cret" not in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_debug_shows_the_traceback(cli: Cli, app: Headrace) -> None:
    assert isinstance(cli("job", "lsit", "--debug").exception, Exception)
