"""URLs: each finds its store, or an answer that helps."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest

from headrace import Headrace
from headrace.app.backends import GROUP, make_backend
from headrace.backends.memory import MemoryBackend
from headrace.backends.sqlite import SqliteBackend
from headrace.errors import ConfigError


def test_a_scheme_finds_its_backend(tmp_path: Path) -> None:
    assert isinstance(make_backend("memory://"), MemoryBackend)
    assert isinstance(make_backend("MEMORY://".lower()), MemoryBackend)
    assert isinstance(make_backend(f"sqlite:///{tmp_path / 'jobs.db'}"), SqliteBackend)


def test_making_an_app_opens_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert repr(Headrace()) == "<Headrace sqlite:///headrace.db with 0 tasks>"
    assert list(tmp_path.iterdir()) == []


def test_a_package_can_bring_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = importlib.metadata.EntryPoint("paper", "headrace.backends.memory:MemoryBackend", GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry] if group == GROUP else [])
    with pytest.raises(ConfigError, match="url must be memory://"):
        make_backend("paper://")


def test_the_built_in_backends_are_also_entry_points() -> None:
    assert {"memory", "sqlite", "postgresql", "postgres"} <= {
        entry.name for entry in importlib.metadata.entry_points(group=GROUP)
    }


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "sqlight:///jobs.db",
            r"no backend for 'sqlight://'; did you mean 'sqlite://'\? Known: memory, postgresql, sqlite",
        ),
        ("mysql://host/db", r"no backend for 'mysql://'\. Known: memory, postgresql, sqlite"),
        ("redis://host", r"Redis is not in this release yet\. Known: memory, postgresql, sqlite; start with sqlite"),
        ("nats://host", "NATS JetStream is not in this release yet"),
        ("jobs.db", r"such as sqlite:///headrace\.db .* got 'jobs\.db'"),
        ("", "url is such as sqlite"),
        (None, "got None"),
    ],
)
def test_an_url_that_finds_nothing_is_answered_with_what_would(url: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make_backend(url)


@pytest.mark.parametrize("url", ["mysql://user:hunter2@host/db", "user:hunter2@host", "redis://:hunter2@host"])
def test_a_password_in_an_url_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Headrace(url)
    assert "hunter2" not in str(refused.value)


def test_a_url_and_a_backend_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="give a url or a backend, not both"):
        Headrace("memory://", backend=MemoryBackend())


@pytest.mark.parametrize("limit", [0, -1, 2**40, "1 MiB"])
def test_a_payload_limit_the_store_cannot_keep_is_refused(limit: Any) -> None:
    with pytest.raises(ConfigError, match="payload_limit is a number of bytes from 1 to 1048576"):
        Headrace("memory://", payload_limit=limit)
