from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace import Headrace
from headrace.testing import AppHarness


@pytest.fixture
def app() -> Headrace:
    """An app whose store must never be made."""
    return Headrace("sqlite:////nowhere/never-made.db")


@pytest.fixture
def harness(app: Headrace) -> Iterator[AppHarness]:
    with AppHarness(app) as harness:
        yield harness
