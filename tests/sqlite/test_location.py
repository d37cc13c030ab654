from pathlib import Path

import pytest

from headrace.backends.sqlite.location import parse_url
from headrace.errors import ConfigError


def test_three_slashes_are_a_path_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_url("sqlite:///jobs.db").path == tmp_path / "jobs.db"


def test_four_slashes_are_a_path_from_the_root() -> None:
    assert parse_url("sqlite:////var/lib/jobs.db").path == Path("/var/lib/jobs.db")


def test_escapes_in_a_path_are_read() -> None:
    assert parse_url("sqlite:////var/my%20jobs.db").path.name == "my jobs.db"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://jobs.db", "names no file"),
        ("sqlite:///:memory:", "memory://"),
        ("sqlit:///jobs.db", "not an SQLite URL"),
        ("sqlite:///jobs.db?synchronus=full", "did you mean 'synchronous'"),
        ("sqlite:///jobs.db?synchronous=maybe", "full, normal"),
        ("sqlite:///jobs.db?busy_timeout=5", "a number and a unit"),
    ],
)
def test_a_wrong_url_is_refused_with_what_to_write(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_url(url)
