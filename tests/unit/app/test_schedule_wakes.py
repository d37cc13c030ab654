"""A scheduler that sleeps is woken by whoever makes or changes a schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.schedule_wakes import expect_to_be_woken


async def test_a_schedule_made_in_the_same_process_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    await expect_to_be_woken("memory://", monkeypatch)


@pytest.mark.parametrize("driver", ["", "?driver=sqlite3"])
async def test_a_schedule_made_beside_it_on_sqlite_is_heard_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db{driver}"
    await expect_to_be_woken(url, monkeypatch, beside=url)
